"""The health check that is effective: what annotations request or not, waiting for a meta leader or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from natsvalues.doctor.clouds.verdict import Verdict, annotation, pod_port
from natsvalues.manifests.healthz import health_query, may_need_leader, needs_leader
from natsvalues.manifests.services import ports_of, spec_of
from natsvalues.providers.meaning import TRAFFIC

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.doctor.clouds.seen import CheckSeen, GroupSeen
    from natsvalues.doctor.clouds.verdict import Servers
    from natsvalues.providers.meaning import Annotation, Check, ServiceMeaning

APPLIED = "cloud-health-check"
LEADER = "cloud-health-check-leader"
KUBE_PROXY = 10256
"""Where kube-proxy answers /healthz for the node (GKE, and clusters with a shared probe)."""
Checked = Literal["gateway", "monitor", "node", "other", "unknown"]


def check_items(
    service: dict[str, Any], port: dict[str, Any], group: GroupSeen, meaning: ServiceMeaning, servers: Servers
) -> Iterator[Verdict]:
    """What is said of the health check on which the gateway's port depends."""
    requested = meaning.checks_of(port)
    for check in requested:
        yield from _applied(service, check, group)
    if not any(_is_stated(check) for check in requested):
        now = f"{group.check}" if group.check else "no health check"
        yield Verdict(APPLIED, "pass", f"no annotation requests a health check; effective is {now}")
    yield _leader(service, port, group, servers)


def _is_stated(check: Check) -> bool:
    return any((check.protocol, check.port, check.path, check.interval, check.threshold))


def _applied(service: dict[str, Any], check: Check, group: GroupSeen) -> Iterator[Verdict]:
    """Compare part by part what annotations request with what is effective."""
    seen = group.check
    if check.is_off or seen is None:
        if check.is_off == (seen is None):
            yield Verdict(APPLIED, "pass", "the health check is off, as requested")
        else:
            stated = next(filter(None, (check.protocol, check.path, check.port)), None)
            now = f"{seen}" if seen else "no health check"
            yield _not_applied(
                service, stated, seen, f"request {'none' if check.is_off else 'one'}, and {now} is effective"
            )
        return
    wrong = [
        (stated, f"{name} `{stated.text}`, and `{now}` is effective")
        for name, stated, wanted, now in _parts(service, check, seen)
        if stated is not None and wanted and now and wanted != now
    ]
    if wrong:
        yield _not_applied(service, wrong[0][0], seen, f"request {'; '.join(words for _, words in wrong)}")
    else:
        yield Verdict(
            APPLIED, "pass", f"the health check is what the annotations request: {seen}, every {seen.interval} s"
        )


def _parts(
    service: dict[str, Any], check: Check, seen: CheckSeen
) -> tuple[tuple[str, Annotation | None, str, str], ...]:
    """Each part: its name, the annotation, what it should be, and what it is; empty if either is not known."""
    path = check.path if check.is_http else None  # without HTTP the path is ignored
    return (
        ("protocol", check.protocol, check.protocol.text.upper() if check.protocol else "", seen.protocol),
        ("port", check.port, _wanted_port(service, check), seen.port),
        ("path", path, check.http_path, seen.path or "(none)"),
        ("interval", check.interval, check.interval.text if check.interval else "", str(seen.interval or "")),
        (
            "count of failures",
            check.threshold,
            check.threshold.text if check.threshold else "",
            str(seen.unhealthy_threshold or ""),
        ),
    )


def _wanted_port(service: dict[str, Any], check: Check) -> str:
    """The port that the load balancer should check: a nodePort where nodes are the targets."""
    stated = check.port.text if check.port else ""
    if not stated or stated == TRAFFIC:
        return stated
    named = [item for item in ports_of(service) if str(item.get("name")) == stated]
    numbered = [
        item for item in ports_of(service) if check.facts.numbers == "service" and str(item.get("port")) == stated
    ]
    for item in named or numbered:
        if check.targets == "nodes":
            return str(item.get("nodePort", ""))
        target = item.get("targetPort", item.get("port"))
        return str(target) if isinstance(target, int) else ""
    return stated if stated.isdigit() else ""


def _not_applied(service: dict[str, Any], stated: Annotation | None, seen: CheckSeen | None, words: str) -> Verdict:
    why = "they were not taken over"
    if seen is not None and _is_of_node(service, seen):
        why = "the controller lets kube-proxy be checked instead: a shared probe, or externalTrafficPolicy Local"
    field = annotation(stated.key) if stated is not None else ""
    return Verdict(APPLIED, "fail", f"annotations {words}: {why}", field)


def checked(service: dict[str, Any], port: dict[str, Any], group: GroupSeen, servers: Servers) -> Checked:
    """What the effective check requests: the gateway or the monitoring of a server, or the node."""
    seen = group.check
    if seen is None:
        return "unknown"
    if seen.port == TRAFFIC:
        return "gateway"
    if not seen.port.isdigit():
        return "unknown"
    if group.targets_are != "nodes":
        return {servers.gateway: "gateway", servers.monitor: "monitor"}.get(int(seen.port), "other")  # type: ignore[return-value]
    if _is_of_node(service, seen):
        return "node"
    by_node = {str(item.get("nodePort")): pod_port(servers, item) for item in ports_of(service) if item.get("nodePort")}
    by_node.setdefault(str(port.get("nodePort")), servers.gateway)
    target = by_node.get(seen.port)
    return {servers.gateway: "gateway", servers.monitor: "monitor"}.get(target or 0, "other")  # type: ignore[return-value]


def _is_of_node(service: dict[str, Any], seen: CheckSeen) -> bool:
    return seen.port in (str(spec_of(service).get("healthCheckNodePort")), str(KUBE_PROXY))


def _leader(service: dict[str, Any], port: dict[str, Any], group: GroupSeen, servers: Servers) -> Verdict:
    """Whether the check that is effective passes at a cold start, before there is a meta leader."""
    seen = group.check
    if seen is None:
        return Verdict(LEADER, "pass", "there is no health check, so none waits for a meta leader")
    what = checked(service, port, group, servers)
    if what == "node":
        return Verdict(LEADER, "pass", f"{seen}: kube-proxy answers for the node, which needs no meta leader")
    if what == "other":
        return Verdict(LEADER, "fail", f"{seen}: no port of the Service or of the servers leads there")
    if what == "unknown":
        return Verdict(LEADER, "unknown", f"{seen}: what answers there is not known")
    if not seen.is_http:
        return Verdict(LEADER, "pass", f"{seen}: it connects to the {what} port only, which needs no meta leader")
    if what == "gateway":
        return Verdict(LEADER, "fail", f"{seen}: the gateway does not speak HTTP, so every target fails")
    return _http_leader(seen, servers)


def _http_leader(seen: CheckSeen, servers: Servers) -> Verdict:
    if refused := health_query(seen.path).refused:
        return Verdict(LEADER, "fail", f"{seen}: the server answers {refused} to this path")
    if not servers.is_clustered:
        return Verdict(LEADER, "pass", f"{seen}: JetStream needs no meta leader here")
    if needs_leader(seen.path, servers.version):
        words = f"{seen}: {servers.version.program} answers 503 to it until there is a meta leader"
        return Verdict(LEADER, "fail", f"{words}, so at a cold start every target is unhealthy")
    if may_need_leader(seen.path, servers.version):
        return Verdict(
            LEADER, "unknown", f"{seen}: a server before 2.11 waits for a meta leader, and the version is not known"
        )
    return Verdict(LEADER, "pass", f"{seen}: it does not wait for a meta leader")
