"""Arguments of the server against nats.conf: which one counts, and that post-render refuses the conflict."""

from __future__ import annotations

import os
import subprocess
import time

import pytest

from natsvalues.errors import NatsvaluesError
from natsvalues.lint.linter import lint
from natsvalues.lint.subject import Subject, clusters_of
from natsvalues.manifests.release import Release
from natsvalues.overlays.folder import load
from natsvalues.overlays.pipeline import render
from natsvalues.overlays.plan import plan

ROOT = os.path.join(os.path.dirname(__file__), "..", "..")
VERSIONS = ("2.10.26", "2.12.8", "2.15.1")
CLUSTER = "cluster {name: us-east, port: -1, host: 127.0.0.1, routes: [nats://127.0.0.1:1]}\n"
GATEWAY = "gateway {name: us-east, port: -1, host: 127.0.0.1}\n"


def said(program, folder, conf, *arguments) -> str:
    """What a server says until it ends or listens for clients."""
    with open(f"{folder}/nats.conf", "w", encoding="utf-8") as file:
        file.write(f"port: -1\nhost: 127.0.0.1\nserver_name: a\n{conf}")
    log = f"{folder}/log"
    with open(log, "wb") as output:
        command = [program, "-c", f"{folder}/nats.conf", *arguments]
        server = subprocess.Popen(command, stdout=output, stderr=output, env={"TMPDIR": str(folder)})
    try:
        end = time.monotonic() + 20
        while time.monotonic() < end:
            with open(log, encoding="utf-8") as lines:
                text = lines.read()
            if server.poll() is not None or "Server is ready" in text:
                return text
            time.sleep(0.05)
        return text
    finally:
        server.kill()
        server.wait()


@pytest.mark.nats
@pytest.mark.parametrize("version", VERSIONS)
def test_servers_follow_their_arguments(version, nats_server, tmp_path):
    """JetStream is on with `-js` whatever the file says, off with `-js=false`; the cluster has its option's name."""
    program = nats_server(version)
    for conf in ("", "jetstream: false\n", "jetstream {enabled: false}\n"):
        assert "Starting JetStream" in said(program, tmp_path, conf, "-js")
        assert "Starting JetStream" not in said(program, tmp_path, conf)
    store = f"jetstream {{store_dir: '{tmp_path}/store'}}\n"
    assert "Starting JetStream" not in said(program, tmp_path, store, "--jetstream=false")
    assert "Server is ready" in said(program, tmp_path, CLUSTER + GATEWAY, "--cluster_name", "us-east")
    assert "cluster name conflicts" in said(program, tmp_path, CLUSTER + GATEWAY, "--cluster_name=other")


@pytest.fixture
def rendered(run, helm3, nats_chart):
    """The chart with arguments added to the server's: `rendered("-js", jetstream=False)`."""

    def template(*arguments, jetstream=True):
        settings = ["config.cluster.enabled=true", f"config.jetstream.enabled={str(jetstream).lower()}"]
        for number, word in enumerate(arguments):
            entry = f"container.patch[{number}]"
            settings += [f"{entry}.op=add", f"{entry}.path=/args/-", f"{entry}.value={word}"]
        words = [word for setting in settings for word in ("--set", setting)]
        return run(helm3, "template", "nats", nats_chart, *words, check=True).stdout

    return template


def planned(stage, joins):
    """The plan of us-east from the project's overlays."""
    overlays = load(os.path.join(ROOT, "charts", "overlays"))
    file = overlays.regions["us-east"]
    region = file.region._replace(stage=stage, joins=joins)
    others = {
        name: other._replace(region=other.region._replace(joins="empty")) for name, other in overlays.regions.items()
    }
    return plan(overlays._replace(regions={**others, "us-east": file._replace(region=region)}), "us-east")


@pytest.mark.helm
@pytest.mark.parametrize(
    ("arguments", "jetstream", "stage", "joins"),
    [
        (("--cluster_name", "other"), True, "join", "seed"),
        (("-cluster_name=other",), False, "local", "seed"),
        (("-js",), False, "join", "seed"),
        (("--jetstream",), True, "expose", "empty"),
        (("-js=false",), True, "join", "seed"),
    ],
)
def test_an_argument_that_overrides_is_refused(rendered, arguments, jetstream, stage, joins):
    """What natsvalues decides in nats.conf would have no effect."""
    with pytest.raises(NatsvaluesError) as refused:
        render(Release(rendered(*arguments, jetstream=jetstream)), planned(stage, joins))

    assert refused.value.code == "NV-T068"


@pytest.mark.helm
@pytest.mark.parametrize("arguments", [("--cluster_name", "us-east"), ("-js",), ("-D", "--jetstream=true")])
def test_an_argument_that_says_the_same_stays(rendered, arguments):
    """The region's own name, or JetStream where nats.conf has it."""
    text = render(Release(rendered(*arguments)), planned("join", "seed")).release.text()

    assert all(word in text for word in arguments)


@pytest.mark.helm
def test_lint_sees_the_name_on_the_command_line(rendered):
    """The server ends with the same words as where nats.conf has two names."""
    release = Release(rendered("--cluster_name", "other"))
    text = release.text().replace('"jetstream": {', '"gateway": {"name": "nats", "port": 7222},\n      "jetstream": {')
    clusters = clusters_of(Release(text), "us-east", None, {})

    found = [item for item in lint(Subject(None, {}, tuple(clusters), {})).findings if item.rule.id == "NM001"]

    assert [item.message for item in found] == ["the gateway is named `nats` and the cluster `other`"]
    assert "args" in str(found[0].where[1])
