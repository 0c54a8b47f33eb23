"""Probes of the server's container: whether a cold start can end, and whether they check what they seem to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.lint.rule import Problem, rule
from natsvalues.lint.rules.configuration import demanded
from natsvalues.manifests.chart import drains_on_stop, mappings
from natsvalues.manifests.healthz import HealthQuery, health_query, needs_leader
from natsvalues.manifests.probes import KINDS, field_of, http_get, http_path
from natsvalues.manifests.quantities import duration
from natsvalues.manifests.settings import monitor
from natsvalues.supercluster.cold_start import cold_starts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction

    from natsvalues.lint.subject import Cluster, Subject
    from natsvalues.manifests.probes import Kind

MEASURED = "run on nats-server 2.10.26, 2.11.4, 2.12.8, 2.14.6 and 2.15.1"


def _queries(cluster: Cluster) -> Iterator[tuple[str, HealthQuery]]:
    for kind in KINDS:
        path = http_path(cluster.container, kind)
        if path is not None:
            yield field_of(kind), health_query(path)


def _waiting(subject: Subject, kind: Kind) -> Iterator[Problem]:
    """Probes that wait for a leader that needs other regions: an error if a cold start hangs because of them."""
    starts = cold_starts(subject.states)
    for cluster in subject.clusters:
        start = starts[cluster.region]
        path = http_path(cluster.container, kind)
        if path is None or not start.needs_others or not needs_leader(path, cluster.version):
            continue
        where = (cluster.at_container(field_of(kind), "httpGet", "path"),)
        fails = f"`{path}` fails on server {cluster.version} until a meta leader is elected"
        if start.hangs:
            yield Problem(f"{fails}: {start.reason}", where, (cluster.region,))
        else:
            message = f"{fails}; a cold start ends only because the gateway's Service sends to pods that are not Ready"
            yield Problem(message, where, (cluster.region,), severity="warning")


@rule(
    "PR001",
    "startup-probe-waits-for-leader",
    "error",
    "supercluster",
    why="No pod is Ready until there is a leader, the load balancer sends to Ready pods only, and the leader needs "
    "the servers behind the load balancers: a deadlock. After failureThreshold failures the kubelet restarts the "
    "container, and it waits again. A single region that starts cold hangs as well. It is a warning where the "
    "gateway's Service sends to pods that are not Ready: then the cold start ends, but a change of that Service can "
    "bring the deadlock back.",
    source="simulated with real servers 2.10.26 to 2.15.1: never Ready; nats-io/k8s issue 1109",
    remedy="Set the path to /healthz?js-server-only=true on 2.11 or later, /healthz?js-enabled-only=true before.",
    fails="container: {startupProbe: {httpGet: {path: /healthz}}}",
    passes="container: {startupProbe: {httpGet: {path: '/healthz?js-server-only=true'}}, image: nats:2.14.2-alpine}",
)
def startup_probe_waits(subject: Subject) -> Iterator[Problem]:
    """The startup probe needs the supercluster: it fails until a meta leader is elected."""
    yield from _waiting(subject, "startup")


@rule(
    "PR002",
    "readiness-probe-waits-for-leader",
    "error",
    "supercluster",
    why="The pod is not Ready at a cold start, so a load balancer that sends to Ready pods only leaves it out, and "
    "the leader cannot be elected. Before 2.11 `js-server-only` waits for the leader as well.",
    source=MEASURED,
    remedy="Set the path to /healthz?js-server-only=true on 2.11 or later, /healthz?js-enabled-only=true before.",
    fails="container: {readinessProbe: {httpGet: {path: '/healthz?js-server-only=true'}}, image: nats:2.10.26-alpine}",
    passes="""\
container: {readinessProbe: {httpGet: {path: '/healthz?js-enabled-only=true'}}, image: nats:2.10.26-alpine}""",
)
def readiness_probe_waits(subject: Subject) -> Iterator[Problem]:
    """The readiness probe fails until a meta leader is elected, and that needs other regions."""
    yield from _waiting(subject, "readiness")


@rule(
    "PR003",
    "liveness-probe-waits-for-leader",
    "error",
    why="The kubelet restarts servers while there is no leader, which prevents an election.",
    source=MEASURED + "; noetl pull request 596",
    remedy="Set the path to /healthz?js-enabled-only=true.",
    fails="container: {livenessProbe: {httpGet: {path: /healthz}}}",
    passes="container: {livenessProbe: {httpGet: {path: '/healthz?js-enabled-only=true'}}}",
)
def liveness_probe_waits(cluster: Cluster) -> Iterator[Problem]:
    """The liveness probe fails until a meta leader is elected."""
    path = http_path(cluster.container, "liveness")
    waits = path is not None and needs_leader(path, cluster.version)
    if waits and cluster.state.is_clustered and cluster.has_gateway:
        where = (cluster.at_container("livenessProbe", "httpGet", "path"),)
        message = f"`{path}` fails on server {cluster.version} until a meta leader is elected"
        yield Problem(message, where, (cluster.region,))


@rule(
    "PR004",
    "probe-always-fails",
    "error",
    why="The server answers 400 to a value that Go does not read as true or false, and 404 to an escaped `?`, "
    "whatever its health.",
    source=MEASURED,
    remedy="Set the path to /healthz?js-server-only=true, with `true` or `1` and an unescaped question mark.",
    fails="container: {readinessProbe: {httpGet: {path: '/healthz?js-server-only=yes'}}}",
    passes="container: {readinessProbe: {httpGet: {path: '/healthz?js-server-only=1'}}, image: nats:2.14.2-alpine}",
)
def probe_always_fails(cluster: Cluster) -> Iterator[Problem]:
    """A probe's path is one that the server always refuses."""
    for field, query in _queries(cluster):
        if query.refused:
            where = (cluster.at_container(field, "httpGet", "path"),)
            yield Problem(f"the server answers {query.refused} to `{query.path}`", where, (cluster.region,))


@rule(
    "PR005",
    "probe-parameter-ignored",
    "warning",
    why="The server ignores parameters that it does not know, also those in the wrong case. What is left is the "
    "strict check, which waits for a meta leader.",
    source=MEASURED,
    remedy="Use js-server-only, js-enabled-only or js-meta-only, in lower case.",
    fails="container: {readinessProbe: {httpGet: {path: '/healthz?JS-Server-Only=true'}}}",
    passes="container: {readinessProbe: {httpGet: {path: '/healthz?js-server-only=true'}}, image: nats:2.14.2-alpine}",
)
def probe_parameter_ignored(cluster: Cluster) -> Iterator[Problem]:
    """A probe's path has a parameter that the server does not know."""
    for field, query in _queries(cluster):
        for name in query.ignored:
            where = (cluster.at_container(field, "httpGet", "path"),)
            yield Problem(f"the server ignores `{name}`", where, (cluster.region,))


@rule(
    "PR006",
    "probe-parameter-deprecated",
    "note",
    why="The server accepts `js-enabled` and logs a warning each time.",
    source=MEASURED,
    remedy="Use js-enabled-only instead.",
    fails="container: {livenessProbe: {httpGet: {path: '/healthz?js-enabled=true'}}}",
    passes="container: {livenessProbe: {httpGet: {path: '/healthz?js-enabled-only=true'}}}",
)
def probe_parameter_deprecated(cluster: Cluster) -> Iterator[Problem]:
    """A probe uses `js-enabled`, the old name of a parameter."""
    for field, query in _queries(cluster):
        if "js-enabled" in query.parameters:
            where = (cluster.at_container(field, "httpGet", "path"),)
            yield Problem(f"`{query.path}` logs a warning for each probe", where, (cluster.region,))


@rule(
    "PR007",
    "probe-not-on-monitor",
    "error",
    why="Only the monitoring endpoint answers health checks; on any other port the probe always fails.",
    source=MEASURED,
    remedy="Set the probe's port to `monitor`, with the scheme of that port, and keep config.monitor.enabled: true.",
    fails="container: {startupProbe: {httpGet: {port: nats}}}",
    passes="container: {startupProbe: {httpGet: {port: 8222}}}",
)
def probe_not_on_monitor(cluster: Cluster) -> Iterator[Problem]:
    """A probe uses a port that is not the monitoring endpoint, or the wrong scheme."""
    listening = monitor(cluster.conf)
    ports = {str(port.get("name")): port.get("containerPort") for port in mappings(cluster.container.get("ports"))}
    for kind in KINDS:
        get = http_get(cluster.container, kind)
        if get is None or not str(get.get("path", "")).startswith("/healthz"):
            continue
        where = (cluster.at_container(field_of(kind), "httpGet", "port"),)
        port = get.get("port")
        number = port if isinstance(port, int) else ports.get(str(port))
        if listening is None:
            yield Problem("monitoring is off, and the probe needs it", where, (cluster.region,))
        elif number != listening[0]:
            message = f"port `{port}` is not the monitoring port {listening[0]}"
            yield Problem(message, where, (cluster.region,))
        elif str(get.get("scheme") or "HTTP") != listening[1]:
            message = f"the probe uses {get.get('scheme') or 'HTTP'}, and the monitoring port {listening[1]}"
            yield Problem(message, where, (cluster.region,))


@rule(
    "PR008",
    "ordered-start-waits-for-leader",
    "error",
    "supercluster",
    why="With OrderedReady the second pod waits until the first is Ready, and the first waits for a leader, which one "
    "server of several cannot elect. This hangs even without a gateway.",
    source="run on nats-server 2.10.26 to 2.15.1: one of three servers up answers 503; Kubernetes, StatefulSets",
    remedy="Set podManagementPolicy: Parallel, as the chart does.",
    fails="""\
statefulSet: {spec: {podManagementPolicy: OrderedReady}}
container: {startupProbe: {httpGet: {path: /healthz}}}""",
    passes="""\
statefulSet: {spec: {podManagementPolicy: Parallel}}
container: {startupProbe: {httpGet: {path: /healthz}}}""",
)
def ordered_start_waits(subject: Subject) -> Iterator[Problem]:
    """Pods start one after another, and each waits for a meta leader."""
    starts = cold_starts(subject.states)
    for cluster in subject.clusters:
        start = starts[cluster.region]
        ordered = cluster.state.spec.get("podManagementPolicy", "OrderedReady") == "OrderedReady"
        if ordered and start.probe is not None and start.held and start.needs_peers:
            where = (
                cluster.at(cluster.nats.statefulset, "spec", "podManagementPolicy"),
                cluster.at_container(field_of(start.probe), "httpGet", "path"),
            )
            message = f"pods start one after another, and `{start.path}` fails until most of them are up"
            yield Problem(message, where, (cluster.region,))


@rule(
    "PR009",
    "killed-while-draining",
    "note",
    why="At the end of the grace period Kubernetes kills a server that is still handing over its clients. The server "
    "hands them over only if a preStop hook (nats-server -sl=ldm) puts it into lame duck mode.",
    source="the chart's values: terminationGracePeriodSeconds covers lame duck duration and grace period",
    remedy="Set terminationGracePeriodSeconds to more than lame_duck_duration and lame_duck_grace_period together.",
    fails="statefulSet: {spec: {template: {spec: {terminationGracePeriodSeconds: 30}}}}",
    passes="statefulSet: {spec: {template: {spec: {terminationGracePeriodSeconds: 60}}}}",
)
def killed_while_draining(cluster: Cluster) -> Iterator[Problem]:
    """The pod's grace period is shorter than the server's lame duck mode."""
    given = cluster.nats.statefulset.value["spec"]["template"]["spec"].get("terminationGracePeriodSeconds", 30)
    length, grace = _lame_duck(cluster)
    if not drains_on_stop(cluster.container):
        return
    if isinstance(given, int) and length is not None and grace is not None and given < length + grace:
        keys = ("spec", "template", "spec", "terminationGracePeriodSeconds")
        where = (cluster.at(cluster.nats.statefulset, *keys), cluster.at_conf("lame_duck_duration"))
        message = f"the pod has {given} s, and the server takes up to {float(length + grace):g} s"
        yield Problem(message, where, (cluster.region,))


@rule(
    "PR010",
    "lame-duck-refused",
    "error",
    needs="configuration",
    why="The server does not start with a duration below 30 s, or with a grace period that is not shorter than the "
    "duration.",
    source="run on nats-server 2.10.26, 2.12.8 and 2.14.6",
    remedy="Set lame_duck_duration to 30s or more and lame_duck_grace_period to less than that.",
    fails="conf: {lame_duck_duration: 10s}",
    passes="conf: {lame_duck_duration: 30s, lame_duck_grace_period: 10s}",
)
def lame_duck_refused(cluster: Cluster) -> Iterator[Problem]:
    """The server refuses the lame duck settings."""
    yield from demanded(cluster, "lame-duck-refused", "grace-period-too-long")


def _lame_duck(cluster: Cluster) -> tuple[Fraction | None, Fraction | None]:
    """Duration and grace period in seconds, with the server's defaults; None for a value that is not a duration."""
    length = cluster.conf.get("lame_duck_duration", "2m")
    return duration(length), duration(cluster.conf.get("lame_duck_grace_period", "10s"))


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
