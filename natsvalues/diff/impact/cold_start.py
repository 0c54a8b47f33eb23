"""Whether a cold start of a release would ever end, and which change decides it.

facts: with JetStream across gateways the startup probe `/healthz` waits for a meta leader, the load balancer waits
for the probe, the gateways for the load balancer, the leader for the gateways (2.10.26 to 2.15.1). Either cure
ends it: a gateway Service with `publishNotReadyAddresses`, or a probe that waits for no leader.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from natsvalues.diff.impact.context import gateway_services
from natsvalues.diff.impact.declaration import Consequence, impact
from natsvalues.manifests.server import needs_leader, ready_path
from natsvalues.manifests.settings import DEFAULT_ACCOUNT, dials_others, jetstream_is_on, system_account
from natsvalues.text.paths import Item

if TYPE_CHECKING:
    from collections.abc import Callable

    from natsvalues.diff.changes import Change, ObjectDiff
    from natsvalues.diff.impact.context import Context, Servers
    from natsvalues.manifests.chart import Nats
    from natsvalues.manifests.release import Release

_SERVICE_FIELDS = frozenset(("publishNotReadyAddresses", "type", "selector", "ports"))


class ColdStart(NamedTuple):
    """The four things that must all be so for a cold start to hang; a change is to blame if it made one of them so."""

    needs_gateways: bool
    """JetStream is on, and shares its meta group with regions behind remote gateways."""
    jetstream: bool
    remotes: bool
    probe: str
    """The path of the probe that keeps a pod from being ready until there is a leader; empty where none does."""
    shut: str
    """Why nobody reaches gateways of pods that are not ready; empty where somebody does."""

    @property
    def hangs(self) -> bool:
        """Whether servers that all start from nothing would wait for each other forever."""
        return bool(self.needs_gateways and self.probe and self.shut)


def cold_start(release: Release, nats: Nats | None, conf: dict[str, Any], context: Context) -> ColdStart:
    """What a release says of the start of its servers from nothing."""
    if nats is None:
        return ColdStart(needs_gateways=False, jetstream=False, remotes=False, probe="", shut="")
    on, linked = jetstream_is_on(conf), dials_others(conf)
    # A region with a system account of its own elects a leader of its own.
    own = context.decision.scope == "region" or (not context.decision.scope and system_account(conf) != DEFAULT_ACCOUNT)
    return ColdStart(on and linked and not own, on, linked, _waiting_probe(nats), _shut(release, nats, conf))


def _waiting_probe(nats: Nats) -> str:
    """The probe that keeps a pod from being ready until there is a leader: startup, or readiness after it."""
    for field in ("startupProbe", "readinessProbe"):
        probe = nats.container_value.get(field)
        get = probe.get("httpGet") if isinstance(probe, dict) else None
        if isinstance(get, dict) and needs_leader(str(get.get("path") or "/"), nats.version):
            return f"the {field.removesuffix('Probe')} probe `{get.get('path') or '/'}`"
    return ""


def _shut(release: Release, nats: Nats, conf: dict[str, Any]) -> str:
    services = gateway_services(release, nats, conf)
    if any((service.value.get("spec") or {}).get("publishNotReadyAddresses") is True for service in services):
        return ""
    if services:
        return f"Service `{services[0].key.name}` sends only to pods that are ready"
    return "no Service of this release sends to gateways that are not ready"


def cold_starts(servers: Servers, context: Context) -> tuple[ColdStart, ColdStart]:
    """The cold start of the old release, and of the new."""
    old, new = context.comparison.old, context.comparison.new
    return (
        cold_start(old.release, servers.old, servers.old_conf, context),
        cold_start(new.release, servers.new, servers.new_conf, context),
    )


@impact(
    "DI021",
    "cold-start-hangs",
    "deadlock",
    why="With JetStream across gateways the startup probe `/healthz` waits for a meta leader, the load balancer waits "
    "for the probe, the gateways wait for the load balancer, and the leader waits for the gateways. Servers that all "
    "start from nothing never become ready.",
    source="run on nats-server 2.10.26, 2.11.4, 2.12.8, 2.14.6 and 2.15.1",
    remedy="Give the gateway a Service of its own with publishNotReadyAddresses: true, and the probe the path "
    "/healthz?js-server-only=true (before 2.11: js-enabled-only); natsvalues post-render does both.",
    fails="""\
at: StatefulSet/nats:spec.template.spec.containers[name=nats].startupProbe.httpGet.path
service: {spec: {publishNotReadyAddresses: false}}
new: {container: {startupProbe: {httpGet: {path: /healthz}}}}""",
    passes="new: {container: {startupProbe: {httpGet: {path: /healthz}}}}",
)
def cold_start_hangs(context: Context, item: ObjectDiff, change: Change) -> Consequence | None:
    """A cold start of the old release ends, and one of the new release does not, because of this change."""
    if change.file:
        servers = context.of_config_map(item)
        return _newly(context, servers, lambda old, new: _by_setting(change, old, new))
    text = {part for part in change.path if isinstance(part, str)}
    if item.key.kind == "StatefulSet" and {"startupProbe", "readinessProbe", "image"} & text:
        servers = context.of_statefulset(item)
        if servers is None or servers.new is None or Item("name", servers.new.container) not in change.path:
            return None
        return _newly(context, servers, lambda old, new: bool(new.probe and not old.probe))
    if item.key.kind == "Service" and _SERVICE_FIELDS & text:
        return _newly(context, context.of_service(item), lambda old, new: bool(new.shut and not old.shut))
    return None


def _by_setting(change: Change, old: ColdStart, new: ColdStart) -> bool:
    if change.path[:1] == ("gateway",):
        return new.remotes and not old.remotes and change.path in (("gateway",), ("gateway", "gateways"))
    return change.path == ("jetstream",) and new.jetstream and not old.jetstream


@impact(
    "DI022",
    "cold-start-hangs-without-service",
    "deadlock",
    "object",
    why=cold_start_hangs.why,
    source=cold_start_hangs.source,
    remedy=cold_start_hangs.remedy,
    fails="""\
at: Service/nats-gateway
container: {startupProbe: {httpGet: {path: /healthz}}}
new: {service: null}""",
    passes="new: {service: null}",
)
def cold_start_hangs_without_service(context: Context, item: ObjectDiff) -> Consequence | None:
    """The Service that sends to gateways that are not ready is removed, where a probe waits for a leader."""
    if item.op != "remove" or item.key.kind != "Service":
        return None
    servers = context.of_service(item)
    return _newly(context, servers, lambda old, new: bool(new.shut and not old.shut))


def _newly(
    context: Context, servers: Servers | None, to_blame: Callable[[ColdStart, ColdStart], bool]
) -> Consequence | None:
    """The deadlock that the new release has and the old one had not, if the change is to blame for it."""
    if servers is None or servers.new is None:
        return None
    old, new = cold_starts(servers, context)
    return hanging(servers.new, new) if new.hangs and not old.hangs and to_blame(old, new) else None


def hanging(nats: Nats, start: ColdStart) -> Consequence:
    """Why a cold start hangs, and both fixes."""
    return Consequence(
        f"a cold start would hang: {start.probe} waits for a meta leader, {start.shut}, and the leader needs the "
        "gateways",
        "Give the gateway a Service of its own with publishNotReadyAddresses: true, and the probe the path "
        f"{ready_path(nats.version)}; natsvalues post-render does both.",
    )


IMPACTS = (cold_start_hangs, cold_start_hangs_without_service)
