"""Plain nats.conf files as people give them to lint, topology and diff, and to commands that cannot use them."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import time

import pytest

CONF = """\
server_name: a
listen: 127.0.0.1:4222
jetstream { store_dir: /var/none, max_file_store: 1GB }
cluster { name: east, listen: 127.0.0.1:6222, routes: [nats://127.0.0.1:6223, nats://127.0.0.1:6224] }
gateway {
  name: east
  listen: 127.0.0.1:7222
  reject_unknown_cluster: true
  include "../gateways.conf"
}
"""
GATEWAYS = "gateways: [\n  {name: west, urls: [nats://127.0.0.1:7322]}\n]\n"
AUTHORIZATION = "authorization { user: me, password: hunter22 }\n"
VERSIONS = ("2.10.26", "2.12.8", "2.14.2", "2.15.1")


@pytest.fixture
def home(tmp_path):
    """One server in a folder of its own, and the file that it includes above it."""
    (tmp_path / "east").mkdir()
    (tmp_path / "east" / "a.conf").write_text(CONF, encoding="utf-8")
    (tmp_path / "gateways.conf").write_text(GATEWAYS, encoding="utf-8")
    return tmp_path


def valid(run, nats_server, version: str, file) -> tuple[bool, str]:
    """What a real server says to a file."""
    done = run(nats_server(version), "-t", "-c", str(file), timeout=120)
    return done.returncode == 0, done.stderr


@pytest.mark.nats
@pytest.mark.parametrize("version", VERSIONS)
def test_real_servers_accept_the_configurations_of_these_tests(version, run, home, nats_server):
    """With and without what the tests change; so what natsvalues says of them is said of files that work."""
    changed = CONF.replace("server_name: a", "server_name: b") + AUTHORIZATION + "max_payload: 2000000\n"
    (home / "east" / "b.conf").write_text(changed, encoding="utf-8")

    for name in ("a", "b"):
        assert valid(run, nats_server, version, home / "east" / f"{name}.conf")[0]


@pytest.mark.nats
@pytest.mark.parametrize("version", ["2.10.26", "2.12.8", "2.15.1"])
def test_servers_of_one_name_close_their_routes(version, run, home, nats_server):
    """What NM003 says of two files of one region, as real servers show it."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(4)]
        ports = [item.getsockname()[1] for item in sockets]
    routes = ", ".join(f"nats://127.0.0.1:{port}" for port in ports[2:])
    files = [home / f"{number}.conf" for number in (0, 1)]
    for number, file in enumerate(files):
        file.write_text(
            f"server_name: twin\nlisten: 127.0.0.1:{ports[number]}\nlog_file: {home}/log{number}\n"
            f"cluster {{ name: east, listen: 127.0.0.1:{ports[2 + number]}, routes: [{routes}] }}\n",
            encoding="utf-8",
        )
    servers = [subprocess.Popen([nats_server(version), "-c", str(file)]) for file in files]
    try:
        until = time.monotonic() + 30
        while time.monotonic() < until and "Duplicate Server Name" not in "".join(
            log.read_text(encoding="utf-8") for log in home.glob("log*")
        ):
            time.sleep(0.1)
    finally:
        for server in servers:
            server.kill()
            server.wait()
    done = run("natsvalues", "lint", *files)

    assert time.monotonic() < until
    assert "error[NM003] same-server-names: two servers of `east` are named `twin`" in done.stdout


INCLUDES = {
    "an absolute path is joined, too": ('include "/in/b.conf"', "in/b.conf", "port: 4222", ""),
    "a path goes up": ('include "in/../b.conf"', "b.conf", "port: 4222", ""),
    "it does not exist": ("port: 4222\ninclude none.conf", "b.conf", "", "NV-L020"),
    "it is a folder": ("port: 4222\ninclude in", "in/b.conf", "", "NV-L020"),
    "it is refused": ("port: 4222\ninclude b.conf", "b.conf", "debug: [1,", "NV-C001"),
}


@pytest.mark.nats
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("case", INCLUDES)
def test_an_include_is_read_and_refused_as_the_server_does(case, version, run, tmp_path, nats_server):
    """The server's word decides: what it refuses is an error, with the place, and no report."""
    text, name, included, code = INCLUDES[case]
    (tmp_path / "in").mkdir()
    (tmp_path / "a.conf").write_text(text + "\n", encoding="utf-8")
    (tmp_path / name).write_text(included + "\n", encoding="utf-8")
    done = run("natsvalues", "lint", "a.conf")

    assert valid(run, nats_server, version, tmp_path / "a.conf")[0] == (code == "")
    assert done.returncode == (1 if code else 0)
    assert done.stderr.startswith(f"error[{code}]" if code else "")
    if code == "NV-L020":
        assert " --> a.conf:2:1\n" in done.stderr
    if code == "NV-C001":
        assert " --> b.conf:2:1" in done.stderr


@pytest.mark.nats
@pytest.mark.parametrize("version", VERSIONS)
def test_a_variable_from_the_environment_may_be_unknown(version, run, tmp_path, nats_server):
    """The server wants it; here nobody knows it, and the rest is checked."""
    (tmp_path / "a.conf").write_text("server_name: $NAME\nport: 4222\n", encoding="utf-8")
    done = run("natsvalues", "lint", "a.conf")

    assert not valid(run, nats_server, version, tmp_path / "a.conf")[0]
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("inner", ["a.conf", "b.conf", "../x/b.conf"])
def test_files_that_include_each_other_are_an_error(inner, run, tmp_path):
    """Whatever way back they take; the server runs until its stack is full."""
    folder = tmp_path / "x"
    folder.mkdir()
    (folder / "a.conf").write_text(f"port: 4222\ninclude {inner}\n", encoding="utf-8")
    (folder / "b.conf").write_text("include ../x/a.conf\n", encoding="utf-8")
    done = run("natsvalues", "lint", "x/a.conf")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error[NV-L021]")
    assert f" --> x/{'a' if inner == 'a.conf' else 'b'}.conf:" in done.stderr


def test_a_file_that_the_server_would_refuse_has_its_line(run, tmp_path):
    """Two files, and the second one is wrong."""
    (tmp_path / "a.conf").write_text("port: 4222\n", encoding="utf-8")
    (tmp_path / "b.conf").write_text("port: 4222\n\njetstream {\n  domain: it's\n}\n", encoding="utf-8")
    done = run("natsvalues", "lint", ".")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error[NV-C001]")
    assert "b.conf:4:" in done.stderr


@pytest.mark.parametrize("text", [CONF, json.dumps({"server_name": "a", "http_port": 8222, "X": {"y": "$Z"}})])
def test_a_configuration_is_known_by_its_text(text, run, home):
    """On standard input, and in a file of any name; in the form of the chart, too."""
    (home / "east" / "server").write_text(text, encoding="utf-8")
    for words, given in ((["-"], text), (["server"], None)):
        done = run("natsvalues", "lint", *words, stdin=given, cwd=home / "east")

        assert done.stderr == ""
        assert done.stdout.endswith("rules on 1 nats.conf file of 1 region\n")


def test_standard_input_includes_from_the_working_directory(run, home):
    """There is no other folder that it could be in."""
    done = run("natsvalues", "lint", "-", stdin=CONF, cwd=home)

    assert done.stderr.startswith("error[NV-L020]: the file includes `../gateways.conf`")


def test_a_folder_of_other_yaml_files_is_one_of_its_nats_conf_files(run, home):
    """A compose file lies beside them; an included file is no server."""
    (home / "east" / "compose.yaml").write_text("services: {nats: {image: nats}}\n", encoding="utf-8")
    (home / "east" / "users.conf").write_text(AUTHORIZATION, encoding="utf-8")
    (home / "east" / "b.conf").write_text(
        CONF.replace("server_name: a", "server_name: b") + "include users.conf\n", encoding="utf-8"
    )
    done = run("natsvalues", "lint", "east")

    assert done.stdout.endswith("rules on 2 nats.conf files of 1 region\n")


def test_reports_have_no_secret(run, home):
    """Neither in the lines around a finding, nor in a change; nor the key of JetStream in an included file."""
    (home / "east" / "js.conf").write_text("domain: a.b\nkey: c0ffee123456\n", encoding="utf-8")
    text = CONF.replace("max_file_store: 1GB", "max_file_store: 1GB\ninclude js.conf\n") + AUTHORIZATION
    (home / "east" / "a.conf").write_text(text + "gateway: {name: e}\n" + AUTHORIZATION, encoding="utf-8")
    (home / "east" / "b.conf").write_text(text.replace("hunter22", "hunter33"), encoding="utf-8")
    (home / "east" / "c.conf").write_text(text.replace("js.conf", "k.conf"), encoding="utf-8")
    (home / "east" / "k.conf").write_text("domain: a.b\nkey: decaf7654321\n", encoding="utf-8")

    for words in (
        ["lint", "east/a.conf"],
        ["diff", "east/a.conf", "east/b.conf"],
        ["diff", "east/b.conf", "east/c.conf"],
    ):
        for form in ("text", "json", "markdown", *(["jsonpatch", "html"] if words[0] == "diff" else ["sarif"])):
            done = run("natsvalues", *words, "-o", form)
            assert done.stdout
            assert not any(secret in done.stdout + done.stderr for secret in ("hunter", "c0ffee", "decaf"))
    assert "js.conf:1" in run("natsvalues", "lint", "east/a.conf").stdout


def test_a_picture_of_files(run, home):
    """How many servers there are is not said where routes lead to more than there are files."""
    for name in "bc":
        (home / "east" / f"{name}.conf").write_text(
            CONF.replace("server_name: a", f"server_name: {name}"), encoding="utf-8"
        )
    whole = run("natsvalues", "topology", "east", "-o", "mermaid")
    part = run("natsvalues", "topology", "east/a.conf", "-o", "mermaid")

    assert "<b>east</b><br/>3 servers<br/>" in whole.stdout
    assert "server" not in part.stdout.replace("supercluster", "")


def test_settings_are_compared_with_what_a_reload_makes_of_them(run, home):
    """Of an included file, too, at the line of its include; without a version, the worst of all versions."""
    new = home / "new" / "east"
    new.mkdir(parents=True)
    (new / "a.conf").write_text("max_payload: 2000000\n" + CONF.replace("store: 1GB", "store: 2GB"), encoding="utf-8")
    (home / "new" / "gateways.conf").write_text(GATEWAYS.replace("7322", "7422"), encoding="utf-8")
    words = ["natsvalues", "diff", "east/a.conf", "new/east/a.conf", "-o", "json"]
    changes = json.loads(run(*words).stdout)["regions"][0]["objects"][0]["changes"]
    known = json.loads(run(*words, "--nats-version", "2.12.8").stdout)["regions"][0]["objects"][0]["changes"]

    effects = {item["path"]: (item["lines"]["old"], item["lines"]["new"], item["impact"]["id"]) for item in changes}
    assert effects == {
        "max_payload": (None, 1, "DI303"),
        "jetstream.max_file_store": (3, 4, "DI302"),
        "gateway.gateways[name=west].urls[0]": (9, 10, "DI302"),
    }
    by_path = {item["path"]: item["impact"] for item in known}
    assert by_path["jetstream.max_file_store"]["id"] == "DI303"
    assert "kubectl" not in json.dumps(changes)


def test_files_of_one_meaning_do_not_differ(run, home):
    """Comments and another way to write them are no difference; `-` is one side."""
    done = run("natsvalues", "diff", "a.conf", "-", stdin=f"# new\n{CONF}", cwd=home / "east")

    assert (done.returncode, done.stdout.split("\n")[0]) == (0, "No differences")


def test_a_loss_is_seen_in_files(run, home):
    """The names and the store of a JetStream server."""
    (home / "east" / "b.conf").write_text(
        CONF.replace("server_name: a", "server_name: b").replace("/var/none", "/var/other"), encoding="utf-8"
    )
    done = run("natsvalues", "diff", "east/a.conf", "east/b.conf", "-o", "json", "--fail-on", "identity")
    impacts = {item["impact"]["id"] for item in json.loads(done.stdout)["regions"][0]["objects"][0]["changes"]}

    assert (done.returncode, impacts) == (4, {"DI001", "DI102"})


OBJECTS = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"
OVERLAY = "kind: Supercluster\nname: x\n"
REFUSED = {
    "objects in a nats.conf": (["lint", "k.conf"], "NV-L022"),
    "beside a rendering": (["lint", "east/a.conf", "k.yaml"], "NV-L023"),
    "beside overlays": (["lint", "east", "overlays"], "NV-L023"),
    "with overlays": (["topology", "east/a.conf", "--overlays", "overlays"], "NV-L023"),
    "compared with objects": (["diff", "east/a.conf", "k.yaml"], "NV-L024"),
    "evidence": (["lint", "east/a.conf", "--evidence", "k.yaml"], "NV-L010"),
    "no version": (["lint", "east/a.conf", "--nats-version", "new"], "NV-L009"),
    "no version in diff": (["diff", "east/a.conf", "east/a.conf", "--nats-version", "new"], "NV-D001"),
    "a version of renderings": (["lint", "k.yaml", "--nats-version", "2.12.8"], "NV-L009"),
    "a version of renderings in diff": (["diff", "k.yaml", "k.yaml", "--nats-version", "2.12.8"], "NV-D001"),
    "an empty folder": (["lint", "none"], "NV-L007"),
    "a missing file": (["diff", "east/a.conf", "none.conf"], "NV-I007"),
    "a rehearsal": (["rehearse", "east"], "NV-R001"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(case, run, home):
    """An error, and no report."""
    (home / "k.conf").write_text(OBJECTS, encoding="utf-8")
    (home / "k.yaml").write_text(OBJECTS, encoding="utf-8")
    (home / "none").mkdir()
    (home / "overlays").mkdir()
    (home / "overlays" / "s.yaml").write_text(OVERLAY, encoding="utf-8")
    words, code = REFUSED[case]
    done = run("natsvalues", *words)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error[{code}]"), done.stderr


@pytest.mark.parametrize("text", [CONF, '{"server_name": "a", "port": 4222}'])
@pytest.mark.parametrize("verb", ["post-render", "explain"])
def test_what_edits_a_release_says_which_commands_read_the_file(verb, text, run, home):
    """Also where the text happens to be YAML."""
    overlays = os.path.join(os.path.dirname(__file__), "..", "..", "charts", "overlays")
    done = run("natsvalues", verb, "--region", "us-east", "--overlays", overlays, stdin=text, cwd=home / "east")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error[NV-L025]")
    assert "natsvalues lint, topology and diff read such files" in done.stderr
