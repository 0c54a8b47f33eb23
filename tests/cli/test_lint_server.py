"""`natsvalues lint --server` as people run it: the servers of the images are asked themselves."""

from __future__ import annotations

import json
import os
import shutil

import pytest

from natsvalues.lint.rules.answers import server_refuses
from natsvalues.manifests.conf.answer import Answer, Refusal

pytestmark = [pytest.mark.helm, pytest.mark.nats]
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SPREAD = r"podTemplate.topologySpreadConstraints.topology\.kubernetes\.io/zone"
VALUES = f"config.cluster.enabled=true,config.jetstream.enabled=true,{SPREAD}.maxSkew=1"


@pytest.fixture
def lint(run, helm3, nats_chart, nats_server, binaries, tmp_path):
    """Render regions and lint them with --server: `lint({"us-east": "2.14.2"}, "config.merge.x=1", words=…)`."""

    def call(regions, *settings, words=()):
        folder = tmp_path / "rendered"
        folder.mkdir(exist_ok=True)
        for region, version in regions.items():
            if version[0].isdigit():
                nats_server(version.removesuffix("-alpine"))
            own = f"config.cluster.merge.name={region},config.serverNamePrefix={region}-,container.image.tag={version}"
            given = [word for setting in (VALUES, own, *settings) for word in ("--set", setting)]
            text = run(helm3, "template", "nats", nats_chart, *given, check=True).stdout
            (folder / f"{region}.yaml").write_text(text, encoding="utf-8")
        env = {"NATSVALUES_TOOLS": binaries.tools()}
        return run("natsvalues", "lint", "rendered", "--server", *words, env=env, timeout=120)

    return call


def test_two_regions_with_two_versions(lint, isolated_env, processes):
    """Each server is asked about its own region; nothing stays behind."""
    regions = {"us-east": "2.12.8-alpine", "eu-west": "2.10.26-alpine"}
    done = lint(regions, "config.merge.server_metadata.zone=a", words=["-o", "text", "-o", "json=l.json"])

    assert (done.returncode, done.stderr) == (4, "")
    message = 'error[NC006] server-refuses: nats-server 2.10.26 refuses: unknown field "server_metadata"\n'
    assert done.stdout.count("NC006") == 1
    assert message in done.stdout
    assert "\nasked nats-server 2.10.26, 2.12.8\n" in done.stdout
    assert os.listdir(isolated_env["TMPDIR"]) == []
    assert not processes(isolated_env["TMPDIR"])


def test_an_accepted_configuration(lint, tmp_path):
    """One line, also in the other reports."""
    words = ["-o", "text", "-o", "json=l.json", "-o", "markdown=l.md"]
    done = lint({"us-east": "2.14.2-alpine"}, words=words)

    assert done.stdout.startswith("asked nats-server 2.14.2\nno findings: ")
    assert "\nasked nats-server 2.14.2\n" in (tmp_path / "l.md").read_text(encoding="utf-8")
    report = json.loads((tmp_path / "l.json").read_text(encoding="utf-8"))
    assert report["asked"] == [{"region": "us-east", "file": "rendered/us-east.yaml", "version": "2.14.2"}]


def test_it_agrees_with_the_other_rules(lint):
    """The text "4MB", as the chart writes what was meant as a number: both name it, at the same place."""
    done = lint({"us-east": "2.14.2-alpine"}, "config.merge.max_payload=4MB", words=["-o", "json"])

    findings = {item["rule"]: item for item in json.loads(done.stdout)["findings"]}
    assert findings["NC006"]["where"] == findings["NC002"]["where"]
    assert findings["NC006"]["where"][0]["field"] == "ConfigMap/nats-config nats.conf: max_payload"
    assert findings["NC006"]["message"].endswith("interface conversion: interface {} is string, not int64")
    assert findings["NC006"]["severity"] == findings["NC002"]["severity"] == "error"


def test_what_a_start_accepts_is_a_note_for_both(lint):
    """A number of seconds, with which a server starts."""
    done = lint({"us-east": "2.14.2-alpine"}, "config.merge.ping_interval=120", words=["-o", "json"])

    found = json.loads(done.stdout)["findings"]
    assert (done.returncode, {(item["rule"], item["severity"]) for item in found}) == (
        0,
        {("NC002", "note"), ("NC006", "note")},
    )


def test_an_image_without_a_version(lint):
    """A note says that no server was asked."""
    done = lint({"us-east": "latest"})

    message = "no nats-server was asked: the image `nats:latest` does not state the version of its server\n"
    assert done.returncode == 0
    assert f"note[NC006] server-refuses: {message} --> rendered/us-east.yaml:" in done.stdout
    assert "asked nats-server " not in done.stdout.replace(message, "")


def test_the_nearest_patch_is_named(example_regions, stand_in, tmp_path):
    """Where the version of the image does not exist."""
    subject = example_regions.subject("only: us-east", stand_in, str(tmp_path))
    refusals = (Refusal('unknown field "x"', "nats.conf"),)
    subject = subject._replace(answers=(Answer("us-east.yaml", "us-east", "2.14.3", "2.14.2", "", refusals),))
    (problem,) = server_refuses.check(subject)

    assert problem.message == 'nats-server 2.14.2, the nearest to 2.14.3, refuses: unknown field "x"'


def test_overlays_alone(run, tmp_path):
    """They have no nats.conf: an error, and no report."""
    shutil.copytree(os.path.join(ROOT, "charts", "overlays"), tmp_path / "charts" / "overlays")
    done = run("natsvalues", "lint", "--server")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error[NV-L031]: --server needs a rendering")


def test_a_server_that_is_not_there(run, lint, tmp_path):
    """The error of a rehearsal, and no report."""
    lint({"us-east": "2.14.2"})
    env = {"NATSVALUES_TOOLS": str(tmp_path / "empty"), "PIP_NO_INDEX": "1"}
    done = run("natsvalues", "lint", "rendered", "--server", env=env)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error[NV-R022]: nats-server 2.14.2 is not in the cache")


def test_plain_files(run, nats_server, binaries, tmp_path):
    """Each server's own file, with what it includes from folders beside and above, of the version that is stated."""
    nats_server("2.12.8")
    folder = tmp_path / "servers" / "us"
    (folder / "parts").mkdir(parents=True)
    (tmp_path / "shared").mkdir()
    shared = "include ../../shared/all.conf\n"
    (folder / "a.conf").write_text(f"server_name: a\ncluster {{ name: us, port: 6222 }}\n{shared}max_payload: $MOST\n")
    (folder / "b.conf").write_text(f"server_name: b\ncluster {{ name: us, include parts/b.conf }}\n{shared}")
    (folder / "parts" / "b.conf").write_text("port: 6222\npoolsize: 3\n")
    (tmp_path / "shared" / "all.conf").write_text("ping_interval: 20s\n\n  max_subz: 3\n")
    words = ["natsvalues", "lint", "servers/us/a.conf", "servers/us/b.conf", "--server", "-o", "json"]
    env = {"NATSVALUES_TOOLS": binaries.tools()}
    report = json.loads(run(*words, "--nats-version", "2.12.8", env=env).stdout)

    assert [(item["file"], item["version"]) for item in report["asked"]] == [
        ("servers/us/a.conf", "2.12.8"),
        ("servers/us/b.conf", "2.12.8"),
    ]
    found = [item for item in report["findings"] if item["rule"] == "NC006"]
    assert [
        (item["severity"], item["where"][0]["file"], item["where"][0]["line"], item["where"][0]["field"])
        for item in found
    ] == [
        ("note", "servers/us/a.conf", 4, "max_payload"),
        ("error", "servers/us/parts/b.conf", 2, "poolsize"),
        ("error", "shared/all.conf", 3, "max_subz"),
    ]

    unstated = json.loads(run(*words, env=env).stdout)
    notes = [item["message"] for item in unstated["findings"] if item["rule"] == "NC006"]
    assert notes == ["no nats-server was asked: --nats-version does not state the version of the servers"]
