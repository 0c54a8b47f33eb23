"""Load balancers, endpoints, DNS and the StatefulSet controller as stand-ins: they do what Kubernetes does."""

import asyncio
import errno
import socket

import pytest
import yaml

from natsvalues.manifests.probes import Probe
from natsvalues.rehearsal.loopback_stage import LoopbackStage
from natsvalues.rehearsal.reading import read_rendering
from natsvalues.rehearsal.stage import Aims

pytestmark = [pytest.mark.nats, pytest.mark.helm]
TWO = ("us-east", "eu-west")
BETA = "service.beta.kubernetes.io/"


def changed(text, kind, name, change):
    """The release with one object changed: `change(object)`."""
    objects = [item for item in yaml.safe_load_all(text) if item]
    (wanted,) = (item for item in objects if (item["kind"], item["metadata"]["name"]) == (kind, name))
    change(wanted)
    return yaml.safe_dump_all(objects)


@pytest.fixture
def stock_one(cases, renderer):
    """The chart's own region with its gateway behind a load balancer: `stock_one("SETTING", …)`."""

    def read(*settings):
        return read_rendering(cases.stock(renderer, "2.14.2", ("us-east",), *settings)["us-east"], "us-east.yaml")

    return read


@pytest.mark.parametrize(
    ("publish", "starting", "stopping"), [("true", 3, 3), ("false", 0, 0)], ids=["publishes", "hides"]
)
def test_pods_that_terminate_are_endpoints_where_all_are(publish, starting, stopping, stock_one, on_loopback):
    """With publishNotReadyAddresses from the start to the very end; without it while they are ready."""

    async def trial(world, until):
        (balancer,) = world.balancers["us-east"]
        await world.open_balancers("us-east")
        pods = world.pods["us-east"]
        await world.start("us-east")
        counts = [len(balancer.now().endpoints)]
        await until(lambda: all(pod.ready for pod in pods))
        counts.append(len(balancer.now().endpoints))
        leaving = asyncio.create_task(world.stop("us-east"))
        while pods[-1].state != "stopping":  # noqa: ASYNC110
            await asyncio.sleep(0)  # a server may end sooner than a poll sees it
        counts.append(len(balancer.now().endpoints))
        await leaving
        return [*counts, len(balancer.now().endpoints)]

    rendering = stock_one(f"service.merge.spec.publishNotReadyAddresses={publish}")
    assert on_loopback({"us-east": rendering}, trial) == [starting, 3, stopping, 0]


def test_a_service_without_endpoints_refuses(stock_one, on_loopback):
    """Nobody listens at the load balancer before a pod is ready; then somebody does."""

    def dialled(listen):
        with socket.socket() as dialler:
            dialler.settimeout(5)
            return dialler.connect_ex((listen.address, listen.port))

    async def trial(world, until):
        (balancer,) = world.balancers["us-east"]
        await world.open_balancers("us-east")
        before = dialled(balancer.forwarder.listen)
        await world.start("us-east")
        await until(lambda: all(pod.ready for pod in world.pods["us-east"]))
        await asyncio.sleep(0.3)
        return before, await asyncio.to_thread(dialled, balancer.forwarder.listen)

    before, after = on_loopback({"us-east": stock_one()}, trial)
    assert before == errno.ECONNREFUSED
    assert after == 0


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("annotation", "text", "words"),
    [
        (f"{BETA}aws-load-balancer-proxy-protocol", "*", "sends PROXY headers to the gateway"),
        (f"{BETA}aws-load-balancer-ssl-cert", "arn:x", "makes the load balancer terminate TLS"),
    ],
    ids=["PROXY", "TLS"],
)
def test_gateways_do_not_get_through_what_changes_their_bytes(annotation, text, words, our_folder, rehearse):
    """Real servers refuse a PROXY header, and wait for each other's first words: stuck, with the annotation."""
    folder = our_folder("2.14.2", *TWO)
    for region in TWO:
        with open(f"{folder}/{region}.yaml", encoding="utf-8") as file:
            release = file.read()
        release = changed(
            release, "Service", "nats-gateway", lambda item: item["metadata"]["annotations"].update({annotation: text})
        )
        with open(f"{folder}/{region}.yaml", "w", encoding="utf-8") as file:
            file.write(release)

    done = rehearse(folder, "first-install")

    assert (done.code, done.report["verdict"]) == (5, "stuck"), done.told()
    seen = [cause["seen"] for cause in done.scenario["causes"]]
    assert any(words in item for item in seen), done.told()
    assert "remove the annotation" in done.scenario["remedy"]


def unpublished(item):
    """Take the flag from a Service."""
    item["spec"]["publishNotReadyAddresses"] = False


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("path", "verdict"), [("/healthz", "stuck"), ("/healthz?js-server-only=true", "converged")], ids=["strict", "free"]
)
def test_routes_need_names_and_names_need_ready_pods(path, verdict, renderer, rehearse, tmp_path):
    """A headless Service that hides starting pods: fatal only where being ready waits for what needs routes."""
    text = changed(
        renderer.template("2.14.2", "config.cluster.merge.name=us-east"), "Service", "nats-headless", unpublished
    )

    def probed(item):
        (server,) = (part for part in item["spec"]["template"]["spec"]["containers"] if part["name"] == "nats")
        server["startupProbe"]["httpGet"]["path"] = path
        server["readinessProbe"]["httpGet"]["path"] = "/healthz?js-server-only=true"

    folder = tmp_path / "renderings"
    folder.mkdir()
    (folder / "us-east.yaml").write_text(changed(text, "StatefulSet", "nats", probed), encoding="utf-8")

    done = rehearse(str(folder), "cold-restart")

    assert done.report["verdict"] == verdict, done.told()
    routes = [cause for cause in done.scenario["causes"] if cause["subject"] == "the routes of us-east"]
    assert bool(routes) == (verdict == "stuck")
    assert all(cause["closes"] == 0 and "names 0 of 3 pods" in cause["seen"] for cause in routes)
    assert any("a cold start would hang" in note for note in done.scenario["notes"]) == (verdict == "stuck")


def test_readiness_is_asked_as_soon_as_startup_has_passed(renderer, on_loopback):
    """And not at its own next tick, which here would come after a minute."""
    text = renderer.template("2.14.2", "config.cluster.enabled=false")
    free = "/healthz?js-server-only=true"
    probes = (Probe("startup", free, 8222, period=1), Probe("readiness", free, 8222, period=60))

    async def trial(world, until):
        (pod,) = world.pods["us-east"]
        await world.start("us-east")
        await until(lambda: pod.ready, 30)
        return [event.subject.split()[-1] for event in world.timeline.events if event.kind == "probe"][-2:]

    rendering = read_rendering(text, "us-east.yaml")._replace(probes=probes)
    assert on_loopback({"us-east": rendering}, trial, scale=1.0) == ["startup", "readiness"]


@pytest.mark.parametrize(("well", "at_once"), [(False, True), (True, False)], ids=["unready", "healthy"])
def test_a_parallel_statefulset_replaces_unready_pods_all_at_once(well, at_once, stock_one, on_loopback):
    """All three end before the first of the new ones is ready; healthy ones wait for each other."""
    new = stock_one()
    path = "/healthz?js-server-only=true" if well else "/nowhere"
    old = new._replace(probes=(Probe("startup", path, 8222, failure=1000),))

    async def trial(world, until):
        pods = world.pods["us-east"]
        await world.start("us-east")
        await until(lambda: all(pod.ready if well else pod.view.leader for pod in pods))
        begun = len(world.timeline.events)
        await world.take({"us-east": new})
        await LoopbackStage(world, (), Aims("us-east", (), 60.0)).roll("us-east")
        return [event.text for event in world.timeline.events[begun:] if event.kind == "pod"]

    states = on_loopback({"us-east": old}, trial)
    assert [states.count(state) for state in ("stopping", "ready")] == [3, 3]
    assert ("stopping" not in states[states.index("ready") :]) == at_once
