"""Probes of the server's container: whether a cold start can end, and whether they ask what they seem to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.lint.durations import seconds
from natsvalues.lint.healthz import Question, question
from natsvalues.lint.rule import Problem, rule
from natsvalues.manifests.chart import mappings
from natsvalues.manifests.server import needs_leader
from natsvalues.manifests.settings import monitor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.lint.subject import Cluster

KINDS = ("startupProbe", "readinessProbe", "livenessProbe")
SHORTEST_LAME_DUCK = 30
"""Seconds; the server refuses less."""
MEASURED = "run on nats-server 2.10.26, 2.11.4, 2.12.8, 2.14.6 and 2.15.1"


def _get(cluster: Cluster, kind: str) -> dict[str, Any] | None:
    """The GET of one probe."""
    probe = cluster.container.get(kind)
    found = probe.get("httpGet") if isinstance(probe, dict) else None
    return found if isinstance(found, dict) else None


def _path(cluster: Cluster, kind: str) -> str | None:
    found = _get(cluster, kind)
    return str(found.get("path") or "/") if found is not None else None


def _asked(cluster: Cluster) -> Iterator[tuple[str, Question]]:
    for kind in KINDS:
        path = _path(cluster, kind)
        if path is not None:
            yield kind, question(path)


def _waiting(cluster: Cluster, kind: str) -> Iterator[Problem]:
    path = _path(cluster, kind)
    if path is not None and cluster.waits_for_leader and needs_leader(path, cluster.version):
        where = (cluster.at_container(kind, "httpGet", "path"),)
        message = f"`{path}` fails on server {cluster.version} until a meta leader is elected"
        yield Problem(message, where, (cluster.region,))


@rule(
    "PR001",
    "startup-probe-waits-for-leader",
    "error",
    why="Nobody is Ready until there is a leader, the load balancer sends to nobody who is not Ready, and the leader "
    "needs the servers behind the load balancers: everyone waits for everyone. After its failureThreshold the "
    "container is killed, and it starts again. Also a single cold region, and a first installation, hang so.",
    source="simulated with real servers 2.10.26 to 2.15.1: never Ready; nats-io/k8s issue 1109",
    remedy="Set the path to /healthz?js-server-only=true on 2.11 or later, /healthz?js-enabled-only=true before.",
    fails="container: {startupProbe: {httpGet: {path: /healthz}}}",
    passes="container: {startupProbe: {httpGet: {path: '/healthz?js-server-only=true'}}, image: nats:2.14.2-alpine}",
)
def startup_probe_waits(cluster: Cluster) -> Iterator[Problem]:
    """The startup probe needs the supercluster: it fails until a meta leader is elected."""
    yield from _waiting(cluster, "startupProbe")


@rule(
    "PR002",
    "readiness-probe-waits-for-leader",
    "error",
    why="The pod is not Ready at a cold start, so no load balancer that goes by Ready sends to it, and the leader "
    "cannot be elected. Before 2.11 also `js-server-only` waits, which looks harmless.",
    source=MEASURED,
    remedy="Set the path to /healthz?js-server-only=true on 2.11 or later, /healthz?js-enabled-only=true before.",
    fails="container: {readinessProbe: {httpGet: {path: '/healthz?js-server-only=true'}}, image: nats:2.10.26-alpine}",
    passes="""\
container: {readinessProbe: {httpGet: {path: '/healthz?js-enabled-only=true'}}, image: nats:2.10.26-alpine}""",
)
def readiness_probe_waits(cluster: Cluster) -> Iterator[Problem]:
    """The readiness probe fails until a meta leader is elected."""
    yield from _waiting(cluster, "readinessProbe")


@rule(
    "PR003",
    "liveness-probe-waits-for-leader",
    "error",
    why="Servers are killed while there is no leader, which keeps one from being elected.",
    source=MEASURED + "; noetl pull request 596",
    remedy="Set the path to /healthz?js-enabled-only=true.",
    fails="container: {livenessProbe: {httpGet: {path: /healthz}}}",
    passes="container: {livenessProbe: {httpGet: {path: '/healthz?js-enabled-only=true'}}}",
)
def liveness_probe_waits(cluster: Cluster) -> Iterator[Problem]:
    """The liveness probe fails until a meta leader is elected."""
    yield from _waiting(cluster, "livenessProbe")


@rule(
    "PR004",
    "probe-always-fails",
    "error",
    why="The server answers 400 to a value that Go does not read as true or false, and 404 to an escaped `?`, "
    "whatever its health.",
    source=MEASURED,
    remedy="Write /healthz?js-server-only=true, with `true` or `1` and a plain question mark.",
    fails="container: {readinessProbe: {httpGet: {path: '/healthz?js-server-only=yes'}}}",
    passes="container: {readinessProbe: {httpGet: {path: '/healthz?js-server-only=1'}}, image: nats:2.14.2-alpine}",
)
def probe_always_fails(cluster: Cluster) -> Iterator[Problem]:
    """A probe's path is one that the server always refuses."""
    for kind, asked in _asked(cluster):
        if asked.refused:
            where = (cluster.at_container(kind, "httpGet", "path"),)
            yield Problem(f"the server answers {asked.refused} to `{asked.path}`", where, (cluster.region,))


@rule(
    "PR005",
    "probe-parameter-ignored",
    "warning",
    why="Parameters that the server does not know are ignored, also if only their case is wrong, and what is left is "
    "the strict check that waits for a meta leader.",
    source=MEASURED,
    remedy="Use js-server-only, js-enabled-only or js-meta-only, in lower case.",
    fails="container: {readinessProbe: {httpGet: {path: '/healthz?JS-Server-Only=true'}}}",
    passes="container: {readinessProbe: {httpGet: {path: '/healthz?js-server-only=true'}}, image: nats:2.14.2-alpine}",
)
def probe_parameter_ignored(cluster: Cluster) -> Iterator[Problem]:
    """A probe's path has a parameter that the server does not know."""
    for kind, asked in _asked(cluster):
        for name in asked.unknown:
            where = (cluster.at_container(kind, "httpGet", "path"),)
            yield Problem(f"the server ignores `{name}`", where, (cluster.region,))


@rule(
    "PR006",
    "probe-parameter-deprecated",
    "note",
    why="`js-enabled` works and logs a warning each time.",
    source=MEASURED,
    remedy="Write js-enabled-only.",
    fails="container: {livenessProbe: {httpGet: {path: '/healthz?js-enabled=true'}}}",
    passes="container: {livenessProbe: {httpGet: {path: '/healthz?js-enabled-only=true'}}}",
)
def probe_parameter_deprecated(cluster: Cluster) -> Iterator[Problem]:
    """A probe asks with `js-enabled`, which has another name now."""
    for kind, asked in _asked(cluster):
        if "js-enabled" in asked.given:
            where = (cluster.at_container(kind, "httpGet", "path"),)
            yield Problem(f"`{asked.path}` logs a warning for each probe", where, (cluster.region,))


@rule(
    "PR007",
    "probe-not-on-monitor",
    "error",
    why="Only the monitoring endpoint answers health checks; anywhere else the probe fails for ever.",
    source=MEASURED,
    remedy="Probe the port `monitor`, with the scheme it has, and keep config.monitor.enabled: true.",
    fails="container: {startupProbe: {httpGet: {port: nats}}}",
    passes="container: {startupProbe: {httpGet: {port: 8222}}}",
)
def probe_not_on_monitor(cluster: Cluster) -> Iterator[Problem]:
    """A probe asks a port that is not the monitoring endpoint, or with the wrong scheme."""
    listening = monitor(cluster.conf)
    ports = {str(port.get("name")): port.get("containerPort") for port in mappings(cluster.container.get("ports"))}
    for kind in KINDS:
        get = _get(cluster, kind)
        if get is None or not str(get.get("path", "")).startswith("/healthz"):
            continue
        where = (cluster.at_container(kind, "httpGet", "port"),)
        asked = get.get("port")
        number = asked if isinstance(asked, int) else ports.get(str(asked))
        if listening is None:
            yield Problem("monitoring is off, and the probe asks it", where, (cluster.region,))
        elif number != listening[0]:
            message = f"port `{asked}` is not the monitoring port {listening[0]}"
            yield Problem(message, where, (cluster.region,))
        elif str(get.get("scheme") or "HTTP") != listening[1]:
            message = f"the probe asks with {get.get('scheme') or 'HTTP'}, and monitoring speaks {listening[1]}"
            yield Problem(message, where, (cluster.region,))


@rule(
    "PR008",
    "ordered-start-waits-for-leader",
    "error",
    why="With OrderedReady the second pod waits for the first to be Ready, and the first waits for a leader, which "
    "one server of several cannot elect. This hangs without any gateway.",
    source="run on nats-server 2.10.26 to 2.15.1: one of three servers up answers 503; Kubernetes, StatefulSets",
    remedy="Set podManagementPolicy: Parallel, as the chart does.",
    fails="""\
statefulSet: {spec: {podManagementPolicy: OrderedReady}}
container: {startupProbe: {httpGet: {path: /healthz}}}""",
    passes="""\
statefulSet: {spec: {podManagementPolicy: Parallel}}
container: {startupProbe: {httpGet: {path: /healthz}}}""",
)
def ordered_start_waits(cluster: Cluster) -> Iterator[Problem]:
    """Pods start one after another, and each waits for a meta leader."""
    spec = cluster.nats.statefulset.value["spec"]
    ordered = spec.get("podManagementPolicy", "OrderedReady") == "OrderedReady"
    if not ordered or not cluster.has_jetstream or cluster.replicas == 1 or not cluster.routes:
        return
    for kind in KINDS[:2]:
        path = _path(cluster, kind)
        if path is not None and needs_leader(path, cluster.version):
            where = (
                cluster.at(cluster.nats.statefulset, "spec", "podManagementPolicy"),
                cluster.at_container(kind, "httpGet", "path"),
            )
            message = f"pods start one after another, and `{path}` fails until most of them are up"
            yield Problem(message, where, (cluster.region,))
            return


@rule(
    "PR009",
    "killed-while-draining",
    "note",
    why="At the end of its grace period Kubernetes kills a server that still hands over its clients.",
    source="the chart's values: terminationGracePeriodSeconds covers lame duck duration and grace period",
    remedy="Set terminationGracePeriodSeconds to more than lame_duck_duration and lame_duck_grace_period together.",
    fails="statefulSet: {spec: {template: {spec: {terminationGracePeriodSeconds: 30}}}}",
    passes="statefulSet: {spec: {template: {spec: {terminationGracePeriodSeconds: 60}}}}",
)
def killed_while_draining(cluster: Cluster) -> Iterator[Problem]:
    """The pod has less time to end than the server takes to let its clients go."""
    given = cluster.nats.statefulset.value["spec"]["template"]["spec"].get("terminationGracePeriodSeconds", 30)
    duration, grace = _lame_duck(cluster)
    if isinstance(given, int) and duration is not None and grace is not None and given < duration + grace:
        keys = ("spec", "template", "spec", "terminationGracePeriodSeconds")
        where = (cluster.at(cluster.nats.statefulset, *keys), cluster.at_conf("lame_duck_duration"))
        message = f"the pod has {given} s, and the server takes up to {duration + grace:g} s"
        yield Problem(message, where, (cluster.region,))


@rule(
    "PR010",
    "lame-duck-refused",
    "error",
    why="The server does not start with a duration below 30 s, or with a grace period as long as it.",
    source="run on nats-server 2.10.26, 2.12.8 and 2.14.6",
    remedy="Set lame_duck_duration to 30s or more and lame_duck_grace_period to less than that.",
    fails="conf: {lame_duck_duration: 10s}",
    passes="conf: {lame_duck_duration: 30s, lame_duck_grace_period: 10s}",
)
def lame_duck_refused(cluster: Cluster) -> Iterator[Problem]:
    """The lame duck settings are ones that the server refuses."""
    duration, grace = _lame_duck(cluster)
    if duration is not None and duration < SHORTEST_LAME_DUCK:
        shortest = (cluster.at_conf("lame_duck_duration"),)
        yield Problem(f"lame_duck_duration is {duration:g} s", shortest, (cluster.region,))
    elif duration is not None and grace is not None and grace >= duration:
        where = (cluster.at_conf("lame_duck_grace_period"), cluster.at_conf("lame_duck_duration"))
        yield Problem(f"the grace period {grace:g} s is no less than {duration:g} s", where, (cluster.region,))


def _lame_duck(cluster: Cluster) -> tuple[float | None, float | None]:
    """Duration and grace period in seconds, as the server has them if they are not set; None for no duration."""
    duration = cluster.conf.get("lame_duck_duration", "2m")
    return seconds(duration), seconds(cluster.conf.get("lame_duck_grace_period", "10s"))


RULES = (
    startup_probe_waits,
    readiness_probe_waits,
    liveness_probe_waits,
    probe_always_fails,
    probe_parameter_ignored,
    probe_parameter_deprecated,
    probe_not_on_monitor,
    ordered_start_waits,
    killed_while_draining,
    lame_duck_refused,
)
