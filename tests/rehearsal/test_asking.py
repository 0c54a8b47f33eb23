"""What real servers of every pinned version say of a rendering with `-t`, as `lint --server` asks them."""

from __future__ import annotations

import json
import os
import subprocess
import time

import pytest
import yaml

from natsvalues.errors import NatsvaluesError
from natsvalues.manifests.chart import find_nats
from natsvalues.manifests.conf import language
from natsvalues.manifests.release import Release
from natsvalues.outside.server_binary import Binary
from natsvalues.rehearsal import asking
from natsvalues.supercluster.region_state import region_state
from natsvalues.text.paths import Op

VERSIONS = ("2.10.26", "2.11.4", "2.11.10", "2.12.8", "2.14.2", "2.14.6", "2.15.1")
CONF = "port: 4222\nserver_name: $SERVER_NAME\n"
SAMPLES = os.path.join(os.path.dirname(__file__), os.pardir, os.pardir, "scripts", "configurations", "samples.py")
pytestmark = [pytest.mark.nats, pytest.mark.helm]


@pytest.fixture
def answer(renderer, nats_server, tmp_path):
    """Ask: `answer("2.14.2", conf, data={"more.conf": …}, container={"env": […]})`; without `conf` the chart's own."""

    def ask(version, conf=None, *, data=None, container=None, settings=(), program=None):
        release = Release(renderer.template(version, *settings), "us-east.yaml")
        nats = find_nats(release)
        files = {**({} if conf is None else {nats.config_key: conf}), **(data or {})}
        ops = tuple(Op("add", ("data", name), text) for name, text in files.items())
        release = release.with_changed(nats.config_map.edited(ops)) if ops else release
        if container:
            text = release.text()
            chunks = list(yaml.safe_load_all(text))
            spec = next(item for item in chunks if item and item["kind"] == "StatefulSet")["spec"]["template"]["spec"]
            own = next(item for item in spec["containers"] if item["name"] == nats.container)
            own.update({key: [*own.get(key, []), *item] for key, item in container.items()})
            release = Release(yaml.safe_dump_all(chunks), "us-east.yaml")
        state = region_state(release, find_nats(release), "us-east")
        folder = tmp_path / "scratch"
        folder.mkdir(exist_ok=True)
        binaries = {version: Binary(program or nats_server(version), version)}
        return asking.Questioner(str(folder), binaries).ask(state)

    return ask


def told(answer):
    """The faults in short: words, file, path."""
    return [(refusal.words, refusal.file, refusal.path) for refusal in answer.refusals]


@pytest.mark.parametrize("version", VERSIONS)
def test_what_the_chart_renders_is_accepted(answer, version):
    """Also with TLS, whose certificates only a pod has."""
    tls = [f"config.nats.merge.tls.{name}_file=/etc/nats-certs/nats/{name}" for name in ("cert", "key", "ca")]
    for settings in ((), (*tls, "config.nats.merge.tls.verify=true")):
        found = answer(version, settings=settings)
        assert (found.asked, found.why, found.refusals) == (version, "", ())


@pytest.mark.parametrize("version", VERSIONS)
def test_every_fault_has_its_setting(answer, version):
    """All that the server names at once, in its words; a block in a list too."""
    conf = 'max_payload: "4MB"\ncluster {\n  name: a\n  authorization: {\n    user: u, tokken: T0pS3cret }\n}\n'
    conf += "pingg_interval: 20s\n"
    found = answer(version, CONF + conf)

    assert told(found) == [
        ('unknown field "tokken"', "nats.conf", ("cluster", "authorization", "tokken")),
        ("interface conversion: interface {} is string, not int64", "nats.conf", ("max_payload",)),
        ('unknown field "pingg_interval"', "nats.conf", ("pingg_interval",)),
    ]
    assert not any(refusal.guessed or refusal.by == "test" for refusal in found.refusals)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_variable_that_is_not_set(answer, version):
    """It is placed at the setting that refers to it; one in the environment of the container is set."""
    conf = f"{CONF}cluster {{\n  name: a\n  port: $ROUTES }}\n"
    missing = told(answer(version, conf))
    assert missing == [("variable reference for 'ROUTES' can not be found", "nats.conf", ("cluster", "port"))]

    env = {"env": [{"name": "ROUTES", "value": "6222"}]}
    assert answer(version, conf, container=env).refusals == ()
    wrong = answer(version, conf, container={"env": [{"name": "ROUTES", "value": "abc"}]})
    assert [refusal.path for refusal in wrong.refusals] == [("cluster", "port")]
    assert not wrong.refusals[0].guessed


@pytest.mark.parametrize("version", VERSIONS)
def test_included_files(answer, version):
    """A fault in one, or in one that it includes, is placed there."""
    data = {"more.conf": "max_connections: 5\n\ninclude inner.conf\n", "inner.conf": "write_deadline: 5s\nmax_sub: 3\n"}
    found = answer(version, CONF + "include ./more.conf\n", data=data)
    assert told(found) == [('unknown field "max_sub"', "inner.conf", ("max_sub",))]

    found = answer(version, CONF + "include more.conf\n", data=data | {"inner.conf": "max_subs: $MOST\n"})
    assert told(found) == [("variable reference for 'MOST' can not be found", "inner.conf", ("max_subs",))]


def test_files_that_the_server_does_not_read(answer):
    """Another file of the ConfigMap may be anything; one in another folder is not the one with the same name."""
    data = {"other.conf": "}", "more.conf": "max_subz: 3\n"}

    assert answer("2.14.2", CONF + "include sub/more.conf\n", data=data).refusals == ()


@pytest.mark.parametrize("version", ["2.10.26", "2.15.1"])
def test_what_only_a_pod_has_is_no_fault(answer, version):
    """A value from a Secret, variables of envFrom, an included file, an operator: what follows from them is a guess."""
    secret = {"env": [{"name": "S", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]}
    elsewhere = {"envFrom": [{"secretRef": {"name": "s"}}]}
    guessed = {
        "port": answer(version, "port: $S\n", container=secret),
        "max_payload": answer(version, "MINE: $S\nmax_payload: $MINE\n", container=secret),
        "max_pending": answer(version, "max_pending: $S\n", container=elsewhere),
        "max_subs": answer(version, "include secret.conf\nmax_subs: $MOST\n"),
        "operator": answer(version, "operator: /etc/nats-secrets/op.jwt\n"),
    }
    for setting, found in guessed.items():
        (refusal,) = found.refusals
        assert (refusal.path[-1], refusal.guessed) == (setting, True)
    assert "open /etc/nats-secrets/op.jwt: no such file or directory" in guessed["operator"].refusals[0].words
    for container in (secret, elsewhere):
        (certain,) = answer(version, "max_payload: []\nserver_name: $S\n", container=container).refusals
        assert (certain.path, certain.guessed) == (("max_payload",), False)


@pytest.mark.parametrize("version", VERSIONS)
def test_limits_of_the_container_are_numbers(answer, version):
    """Go ends a server whose GOMEMLIMIT is none; the configuration may use a limit, too."""
    limits = {name: {"resourceFieldRef": {"resource": name}} for name in ("limits.memory", "limits.cpu")}
    names = {"GOMEMLIMIT": "limits.memory", "GOMAXPROCS": "limits.cpu", "MOST": "limits.memory"}
    env = [{"name": name, "valueFrom": limits[limit]} for name, limit in names.items()]

    conf = f"{CONF}jetstream {{ store_dir: /data, max_mem: $MOST }}\n"
    assert answer(version, conf, container={"env": env}).refusals == ()


@pytest.mark.parametrize("version", VERSIONS)
def test_what_only_the_test_refuses(answer, nats_server, version, tmp_path):
    """A number of seconds: `-t` refuses it, and the server starts."""
    (refusal,) = answer(version, CONF + "ping_interval: 120\n").refusals
    assert (refusal.path, refusal.by) == (("ping_interval",), "test")

    path = tmp_path / "nats.conf"
    path.write_text("host: 127.0.0.1\nport: -1\nping_interval: 120\n")
    server = subprocess.Popen([nats_server(version), "-c", str(path)], stderr=subprocess.PIPE, text=True)
    try:
        end = time.monotonic() + 20
        ready = any("Server is ready" in line for line in server.stderr if time.monotonic() < end)
    finally:
        server.kill()
        server.communicate()
    assert ready


@pytest.mark.parametrize("version", VERSIONS)
def test_an_option_that_the_server_does_not_know(answer, version):
    """It ends with its usage and the exit code 0: the pods would never run."""
    (refusal,) = answer(version, container={"args": ["--jetstreem"]}).refusals

    assert (refusal.words, refusal.file) == ("flag provided but not defined: -jetstreem", "")


def test_a_secret_in_the_servers_words_is_hidden(answer):
    """The server quotes what it does not understand."""
    (refusal,) = answer("2.14.2", CONF + 'cluster { name: a, routes: ["nats://u:hunter2@h:x"] }\n').refusals

    assert "hunter2" not in refusal.words
    assert refusal.path[:2] == ("cluster", "routes")


def test_no_file_is_written_above_the_folder(answer, tmp_path):
    """Names that no ConfigMap can have; and no signal of the command line reaches a server on this machine."""
    answer("2.14.2", data={"../../../../../outside": "x", "..": "x"})
    assert not [name for name in os.listdir(tmp_path) if name == "outside"]

    server = subprocess.Popen(["sleep", "30"])
    (tmp_path / "pid").write_text(str(server.pid))
    try:
        found = answer("2.14.2", container={"args": [f"--signal=quit={tmp_path}/pid"]})
        assert found.refusals == ()
        time.sleep(0.2)
        assert server.poll() is None
    finally:
        server.kill()
        server.wait()


def test_other_fields_do_not_matter(answer):
    """Whatever stands where a kubelet or DNS expects something else: only the configuration is read."""
    odd = (
        "statefulSet.merge.spec.serviceName=-x",
        "config.nats.merge.tls.cert_file=/c",
        "config.nats.merge.tls.key_file=/k",
    )
    probe = (
        "container.merge.startupProbe.periodSeconds=often",
        "podTemplate.merge.spec.terminationGracePeriodSeconds=x",
    )

    assert answer("2.14.2", settings=(*odd, *probe)).refusals == ()


def test_an_image_without_a_version_is_not_asked(answer):
    """There is no server to ask; nor is there one without replicas."""
    found = answer("2.14.2", settings=["container.image.tag=latest"])
    assert (found.asked, found.refusals) == ("", ())
    assert found.why == "the image `nats:latest` does not state the version of its server"

    none = answer("2.14.2", settings=["config.cluster.replicas=0"])
    assert none.why == "StatefulSet `nats` has no replicas"


def test_a_server_that_gives_no_answer(answer, monkeypatch, processes):
    """After the time limit it is ended; one that is for another machine is not started."""
    monkeypatch.setattr(asking, "SECONDS", 0.000001)
    with pytest.raises(NatsvaluesError, match="gave no answer about `us-east`: it took longer") as late:
        answer("2.14.2")
    assert late.value.code == "NV-L032"
    assert not processes("/scratch/0/etc/nats-config")

    with pytest.raises(NatsvaluesError, match="cannot be started") as other:
        answer("2.14.2", program=__file__)
    assert other.value.code == "NV-L033"


@pytest.fixture(scope="module")
def samples(load_module):
    """The module that makes a configuration for each key."""
    return load_module(SAMPLES)


@pytest.mark.slow
@pytest.mark.parametrize("block", language.BLOCKS)
def test_moving_hides_no_fault(samples, answer, nats_server, tmp_path, block):
    """What the server refuses of a wrong value in any key, it refuses in the moved files."""
    wrong = []
    for key in {row.names[0]: row for row in language.keys_of(block).values()}:
        item = samples.misfitting(block, key)
        if item is None:
            continue
        text = json.dumps(samples.configuration(block, key, {key: item}), indent=1).replace('"DIR"', f'"{tmp_path}"')
        path = tmp_path / "nats.conf"
        path.write_text(text)
        command = [nats_server("2.14.2"), "-t", "-c", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False, env={})
        lines = {line for line in done.stderr.splitlines() if line}
        found = answer("2.14.2", text)
        if done.returncode == 0 or len(found.refusals) != len(lines):
            wrong.append((key, item, done.stderr, told(found)))
    assert not wrong
