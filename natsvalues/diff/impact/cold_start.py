"""Whether a cold start of a release would ever end, and which change decides it.

facts: with JetStream across gateways the startup probe `/healthz` waits for a meta leader, the load balancer waits
for the probe, the gateways for the load balancer, the leader for the gateways (2.10.26 to 2.15.1). Either cure
ends it: a gateway Service with `publishNotReadyAddresses`, or a probe that waits for no leader.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from natsvalues.diff.changes import Impact
from natsvalues.diff.impact.context import gateway_services, leads_to_gateway
from natsvalues.manifests.server import needs_leader, ready_path
from natsvalues.manifests.settings import DEFAULT_ACCOUNT, dials_others, jetstream_is_on, system_account

if TYPE_CHECKING:
    from natsvalues.diff.changes import Change, ObjectDiff
    from natsvalues.diff.impact.context import Context, Servers
    from natsvalues.manifests.chart import Nats
    from natsvalues.manifests.release import Release

SOURCE = "run on nats-server 2.10.26, 2.11.4, 2.12.8, 2.14.6 and 2.15.1"


class Hang(NamedTuple):
    """Why a cold start would never end: the probe that waits, its path, and what it waits behind."""

    probe: str
    path: str
    behind: str


def hangs(release: Release, nats: Nats | None, conf: dict[str, Any], context: Context) -> Hang | None:
    """Whether servers of a release, all started from nothing, would wait for each other for ever."""
    if nats is None or not jetstream_is_on(conf) or not dials_others(conf):
        return None
    if context.decision.scope == "region":
        return None
    if not context.decision.scope and system_account(conf) != DEFAULT_ACCOUNT:
        return None  # a region with an account of its own elects a leader of its own
    waiting = _waiting_probe(nats)
    if waiting is None:
        return None
    services = gateway_services(release, nats, conf)
    if any((service.value.get("spec") or {}).get("publishNotReadyAddresses") is True for service in services):
        return None
    behind = (
        f"Service `{services[0].key.name}` sends only to pods that are ready"
        if services
        else "no Service of this release sends to gateways that are not ready"
    )
    return Hang(*waiting, behind)


def _waiting_probe(nats: Nats) -> tuple[str, str] | None:
    """The probe that keeps a pod from being ready until there is a leader: startup, or readiness after it."""
    for field in ("startupProbe", "readinessProbe"):
        probe = nats.container_value.get(field)
        get = probe.get("httpGet") if isinstance(probe, dict) else None
        if isinstance(get, dict) and needs_leader(str(get.get("path") or "/"), nats.version):
            return field.removesuffix("Probe"), str(get.get("path") or "/")
    return None


def deadlock(context: Context, item: ObjectDiff, change: Change) -> Impact | None:
    """A change after which a cold start never ends, and before which it did."""
    servers = _concerned(context, item, change)
    return None if servers is None else newly(context, servers)


def newly(context: Context, servers: Servers) -> Impact | None:
    """The deadlock that the new release has and the old one had not."""
    old, new = context.comparison.old, context.comparison.new
    hang = hangs(new.release, servers.new, servers.new_conf, context)
    if hang is None or servers.new is None or hangs(old.release, servers.old, servers.old_conf, context):
        return None
    return Impact(
        "deadlock",
        f"a cold start would never end: the {hang.probe} probe `{hang.path}` waits for a meta leader, {hang.behind}, "
        "and the leader needs the gateways",
        SOURCE,
        f"give the gateway a Service of its own with publishNotReadyAddresses: true, and the probe the path "
        f"{ready_path(servers.new.version)}; natsvalues post-render does both",
    )


def _concerned(context: Context, item: ObjectDiff, change: Change) -> Servers | None:
    """The servers whose cold start a change has to do with."""
    if change.file:
        decisive = change.path[:1] in (("gateway",), ("jetstream",), ("system_account",))
        return context.of_config_map(item) if decisive else None
    if item.key.kind == "StatefulSet":
        text = [part for part in change.path if isinstance(part, str)]
        decisive = bool({"startupProbe", "readinessProbe", "image"} & set(text))
        return context.of_statefulset(item) if decisive else None
    if item.key.kind == "Service" and change.path[:2] in (
        ("spec", "publishNotReadyAddresses"),
        ("spec", "type"),
        ("spec", "selector"),
        ("spec", "ports"),
    ):
        return context.of_service(item)
    return None


def lost_service(context: Context, item: ObjectDiff) -> Impact | None:
    """The gateway's Service goes, and with it what ended the deadlock."""
    servers = context.of_service(item) if item.key.kind == "Service" and item.op == "remove" else None
    if servers is None or item.before is None or not leads_to_gateway(item.before, servers.old_conf):
        return None
    return newly(context, servers)
