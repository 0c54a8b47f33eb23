"""Whether a cold start ends, and which change decides it; it is judged in `supercluster/cold_start.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.diff.impact.declaration import Consequence, impact
from natsvalues.supercluster.cold_start import BOOT_WITHOUT_REMOTES, SOURCE, first_boot, remedy
from natsvalues.supercluster.readiness import READY_WITHOUT_LEADER, WATCH, readiness_changes
from natsvalues.text.paths import Item

if TYPE_CHECKING:
    from natsvalues.diff.changes import Change, ObjectDiff
    from natsvalues.diff.impact.context import Context, Servers
    from natsvalues.supercluster.cold_start import ColdStart

_SERVICE_PARTS = frozenset(("publishNotReadyAddresses", "type", "selector", "ports", "annotations"))
_POD_PARTS = frozenset(("startupProbe", "readinessProbe", "image"))
_BLOCKS = (("gateway",), ("gateway", "gateways"), ("jetstream",))


@impact(
    "DI021",
    "cold-start-hangs",
    "deadlock",
    why="With JetStream across gateways the startup probe `/healthz` waits for a meta leader, the load balancer waits "
    "for the probe, the gateways wait for the load balancer, and the leader waits for the gateways. Servers that all "
    "start from nothing never become ready.",
    source=SOURCE,
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
    servers = _servers(context, item, change)
    starts = newly(servers) if servers is not None else None
    if servers is None or starts is None:
        return None
    old, new = starts
    if change.file:
        decides = change.path in _BLOCKS and new.needs_others and not old.needs_others
    elif item.key.kind == "Service":
        decides = bool(new.closed and not old.closed) or bool(new.held and not old.held)
    else:
        decides = new.probe is not None and old.probe is None
    return hanging(servers, new) if decides else None


def _servers(context: Context, item: ObjectDiff, change: Change) -> Servers | None:
    """The servers whose cold start a change may decide."""
    if change.file:
        return context.of_config_map(item)
    parts = {part for part in change.path if isinstance(part, str)}
    if item.key.kind == "Service" and _SERVICE_PARTS & parts:
        return context.of_service(item)
    servers = context.of_statefulset(item) if item.key.kind == "StatefulSet" and _POD_PARTS & parts else None
    new = servers.new if servers is not None else None
    return servers if new is not None and Item("name", new.container) in change.path else None


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
    servers = context.of_service(item) if item.op == "remove" and item.key.kind == "Service" else None
    starts = newly(servers) if servers is not None else None
    if servers is None or starts is None:
        return None
    old, new = starts
    return hanging(servers, new) if new.closed and not old.closed else None


def newly(servers: Servers) -> tuple[ColdStart, ColdStart] | None:
    """Both cold starts, where only the new one hangs."""
    old, new = servers.starts
    return (old, new) if old is not None and new is not None and new.hangs and not old.hangs else None


def hanging(servers: Servers, start: ColdStart) -> Consequence:
    """Why a cold start hangs, and both fixes."""
    version = servers.after.version if servers.after is not None else None
    return Consequence(start.reason, remedy(version) if version is not None else "")


@impact(
    "DI023",
    "first-boot-hangs",
    "deadlock",
    "release",
    why="A first boot counts the urls of remote gateways as servers. Those under another system account never vote, "
    "and from 2.12 on servers with empty stores elect only once all that are counted have voted.",
    source="run on nats-server 2.10.26, 2.11.10, 2.12.8, 2.14.6 and 2.15.1; docs/stages.md",
    remedy=f"First {BOOT_WITHOUT_REMOTES}.",
    fails="""\
untouched: true
container: {image: nats:2.14.2-alpine}
conf:
  accounts: {SYS-A: {}}
  system_account: SYS-A
  gateway: {gateways: [{name: eu-west, url: nats://nats-gw-eu-west.example.com:7222}]}
old: {empty: true}""",
    passes="old: {empty: true}",
)
def first_boot_hangs(context: Context) -> str | None:
    """A region is installed for the first time, with remotes whose servers are under another system account."""
    fresh = [servers.after for servers in context.servers if servers.old is None and servers.after is not None]
    return next((reason for reason in map(first_boot, fresh) if reason), None)


@impact(
    "DI024",
    "ready-without-leader",
    "none",
    "release",
    why="A cold start ends because no probe waits for a meta leader. So a pod that is Ready no longer shows that there "
    "is one, and what waits for Ready pods passes without JetStream.",
    source="run on Kubernetes 1.37 with nats-server 2.14.2: all pods Ready, /healthz 503; docs/stages.md",
    remedy=f"{WATCH[0].upper()}{WATCH[1:]}.",
    fails="old: {container: {startupProbe: {httpGet: {path: /healthz}}}}",
    passes="new: {container: {startupProbe: {httpGet: {path: /healthz}}}}",
)
def ready_without_leader(context: Context) -> str | None:
    """A startup or readiness probe waited for a meta leader, and none does any more."""
    changed = any(readiness_changes(servers.before, servers.after) for servers in context.servers)
    return READY_WITHOUT_LEADER if changed else None


IMPACTS = (cold_start_hangs, cold_start_hangs_without_service, first_boot_hangs, ready_without_leader)
