"""The cold start itself: what natsvalues rendered for two regions, run by six real servers on loopback.

Each pod gets a loopback address of its own with the chart's ports; a region's load balancer is an address that
leads to its first pod. No kubelet is played here: the probes' paths are asked directly.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from typing import NamedTuple

import pytest

from natsvalues.manifests.release import Release
from natsvalues.outside.loopback import Claim
from natsvalues.overlays.folder import load
from natsvalues.overlays.pipeline import render
from natsvalues.overlays.plan import plan
from natsvalues.text.natsconf import ConfOp, Variable, edit

OVERLAYS = os.path.join(os.path.dirname(__file__), "..", "..", "charts", "overlays")
REGIONS = ("eu-west", "us-east")
SETTINGS = "config.cluster.enabled=true,config.jetstream.enabled=true"
SECONDS = 60


class Pod(NamedTuple):
    """One server: its command, environment, address, and the path of its startup probe."""

    command: list[str]
    environment: dict[str, str]
    address: str
    startup: str


@pytest.fixture
def pods(run, helm3, nats_chart, nats_server, tmp_path):
    """The pods of two regions in stage `join`, with everything of theirs moved to loopback and scratch folders."""
    overlays = tmp_path / "overlays"
    overlays.mkdir()
    for name in ("supercluster", *REGIONS):
        shutil.copy(os.path.join(OVERLAYS, f"{name}.yaml"), overlays)
    rendering = run(helm3, "template", "nats", nats_chart, "--set", SETTINGS).stdout
    claim = Claim()  # as rehearsals claim theirs, which run beside these
    net = claim.net
    found = []
    for region in REGIONS:
        result = render(Release(rendering), plan(load(str(overlays)), region))
        for ordinal in range(3):
            folder = tmp_path / f"{region}-{ordinal}"
            folder.mkdir()
            conf = folder / "nats.conf"
            conf.write_text(on_loopback(result.nats.conf, net, region, ordinal, str(folder)))
            env = {item["name"]: item for item in result.nats.container_value["env"]}
            name = env["SERVER_NAME"]["value"].replace("$(POD_NAME)", f"nats-{ordinal}")
            startup = result.nats.container_value["startupProbe"]["httpGet"]["path"]
            command = [nats_server("2.14.2"), "-c", str(conf)]
            found.append(Pod(command, {"SERVER_NAME": name}, address(net, region, ordinal), startup))
    yield found
    claim.close()


def address(net, region, ordinal):
    """The loopback address of a pod."""
    return f"127.{net}.{REGIONS.index(region) + 1}.{ordinal + 1}"


def on_loopback(conf, net, region, ordinal, folder):
    """The configuration with names of pods and load balancers replaced by addresses; the rest as rendered."""
    for other in range(3):
        conf = conf.replace(f"nats-{other}.nats-headless", address(net, region, other))
    for other in REGIONS:
        conf = conf.replace(f"nats-gw-{other}.example.com", address(net, other, 0))
    mine = address(net, region, ordinal)
    return edit(
        conf,
        [
            ConfOp("add", ("host",), mine),
            ConfOp("add", ("cluster", "host"), mine),
            ConfOp("add", ("gateway", "host"), mine),
            ConfOp("replace", ("jetstream", "store_dir"), f"{folder}/store"),
            ConfOp("replace", ("pid_file",), f"{folder}/nats.pid"),
            ConfOp("replace", ("server_name",), Variable("SERVER_NAME")),
        ],
    )


@contextlib.contextmanager
def running(pods):
    """Start servers, and stop and reap every one of them, whatever happens."""
    servers = []
    try:
        for pod in pods:
            log = open(os.path.join(os.path.dirname(pod.command[-1]), "log"), "ab")  # noqa: SIM115
            servers.append(subprocess.Popen(pod.command, env=pod.environment, stdout=log, stderr=log))
            log.close()
        yield
    finally:
        for server in servers:
            server.send_signal(signal.SIGTERM)
        for server in servers:
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def asked(pod, path):
    """The status and body of a GET on the monitoring port; 0 while nothing listens."""
    try:
        with urllib.request.urlopen(f"http://{pod.address}:8222{path}", timeout=2) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


def until(told):
    """Wait until `told()` is true; fail with what it said last."""
    end = time.monotonic() + SECONDS
    while not (last := told()):
        assert time.monotonic() < end, last
        time.sleep(0.2)


def is_one_supercluster(pods):
    """Whether every server is healthy by the strict check, and all are in one meta group with a leader."""
    if any(asked(pod, "/healthz")[0] != 200 for pod in pods):
        return False
    groups = [json.loads(asked(pod, "/jsz")[1])["meta_cluster"] for pod in pods]
    return {group.get("cluster_size") for group in groups} == {6} and len(
        {group.get("leader") for group in groups}
    ) == 1


@pytest.mark.nats
@pytest.mark.helm
@pytest.mark.slow
def test_two_regions_start_from_cold_and_start_again(pods):
    """A lone server passes its startup probe without a leader, six form one meta group, and do so after a restart."""
    with running(pods[:1]):
        until(lambda: asked(pods[0], pods[0].startup)[0] == 200)

        assert asked(pods[0], "/healthz")[0] == 503
    for _ in ("first boot", "full cold restart"):
        with running(pods):
            until(lambda: is_one_supercluster(pods))

            gateways = json.loads(asked(pods[0], "/gatewayz")[1])
            assert (gateways["name"], list(gateways["outbound_gateways"])) == ("eu-west", ["us-east"])
            names = {json.loads(asked(pod, "/varz")[1])["server_name"] for pod in pods}
            assert names == {f"{prefix}nats-{ordinal}" for prefix in ("", "eu-west-") for ordinal in range(3)}
