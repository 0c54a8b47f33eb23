"""Settings of nats.conf: what a reload does with them while the pods stay, and what keeps servers from starting.

Where the pod template changes too, the pods restart and read everything: `workloads.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.diff.impact.declaration import Consequence, impact
from natsvalues.manifests.accounts import DECIDE_START, start_problem
from natsvalues.manifests.reload_effect import effect
from natsvalues.records import NamedTuple
from natsvalues.supercluster.configuration import new_faults
from natsvalues.text.natsconf import same
from natsvalues.text.paths import Item, dotted, value_at

if TYPE_CHECKING:
    from natsvalues.diff.changes import Change, ObjectDiff
    from natsvalues.diff.impact.context import Context
    from natsvalues.manifests.chart import Nats
    from natsvalues.manifests.conf.check import Fault
    from natsvalues.manifests.reload_effect import Effect

ROLL = "Roll the pods afterwards: `kubectl rollout restart statefulset/{name}`."
RESTART = "Restart the region's servers afterwards, one after another."
"""The same for a plain nats.conf, whose servers are no pods that we know of."""


class Setting(NamedTuple):
    """A setting that changes while the pods stay: its servers, and what a reload does with it."""

    nats: Nats
    effect: Effect

    @property
    def remedy(self) -> str:
        """How the setting takes effect all the same."""
        return RESTART if self.nats.plain is not None else ROLL.format(name=self.nats.name)


@impact(
    "DI301",
    "reload-applies-setting",
    "reload",
    why="The reloader signals the server when the file has changed, and the server applies the setting while it runs.",
    source="run on every supported server: docs/reload.md",
    fails="""\
at: ConfigMap/nats-config:nats.conf:max_payload
new: {conf: {max_payload: 2000000}}""",
    passes="new: {conf: {max_subscriptions: 5}}",
)
def reload_applies_setting(context: Context, item: ObjectDiff, change: Change) -> Consequence | None:
    """A setting changes that a reload applies, and the pods stay."""
    setting = _reloaded(context, item, change)
    if setting is None or setting.effect.outcome != "reload" or _refused_beside(item, change, setting.nats):
        return None
    return Consequence(setting.effect.reason, source=setting.effect.source)


@impact(
    "DI302",
    "reload-does-not-apply-setting",
    "not-applied",
    why="Many settings are read at the start only. The server refuses a reload with such a change, or passes it over, "
    "and keeps the old setting until its pod restarts.",
    source="run on every supported server: docs/reload.md",
    remedy=ROLL.format(name="NAME"),
    fails="""\
at: ConfigMap/nats-config:nats.conf:max_subscriptions
new: {conf: {max_subscriptions: 5}}""",
    passes="""\
new: {conf: {max_subscriptions: 5}, roll: true}""",
)
def reload_does_not_apply_setting(context: Context, item: ObjectDiff, change: Change) -> Consequence | None:
    """A setting changes that a reload refuses or ignores, and the pods stay."""
    setting = _reloaded(context, item, change)
    if setting is None or setting.effect.outcome not in ("refused", "ignored"):
        return None
    return Consequence(setting.effect.reason, setting.remedy, setting.effect.source)


@impact(
    "DI303",
    "reload-refused-as-a-whole",
    "not-applied",
    why="A reload is all or nothing: one setting that the server refuses keeps every other change of the files from "
    "being applied.",
    source="run on nats-server 2.10.26 to 2.15.1",
    remedy=ROLL.format(name="NAME"),
    fails="""\
at: ConfigMap/nats-config:nats.conf:max_payload
new: {conf: {max_payload: 2000000, max_subscriptions: 5}}""",
    passes="new: {conf: {max_payload: 2000000, max_connections: 5000}}",
)
def reload_refused_as_a_whole(context: Context, item: ObjectDiff, change: Change) -> Consequence | None:
    """A setting that a reload would apply changes together with one that makes the server refuse the reload."""
    setting = _reloaded(context, item, change)
    if setting is None or setting.effect.outcome != "reload":
        return None
    refused = _refused_beside(item, change, setting.nats)
    if refused is None:
        return None
    return Consequence(
        f"a reload would apply it, but the server refuses {refused} in the same file, and with it the whole reload",
        setting.remedy,
    )


@impact(
    "DI304",
    "reload-crashes-server",
    "outage",
    why="The server panics at the reload, and comes back with the new configuration. The reloaders of all pods signal "
    "at about the same time.",
    source="run on every supported server: docs/reload.md",
    remedy=ROLL.format(name="NAME"),
    fails="""\
at: ConfigMap/nats-config:nats.conf:proxies
container: {image: "nats:2.12.8-alpine"}
new: {conf: {proxies: {trusted: [{key: UAAACAQDAQCQMBYIBEFAWDANBYHRAEISCMKBKFQXDAMRUGY4DUPB63NN}]}}}""",
    passes="new: {conf: {max_payload: 2000000}}",
)
def reload_crashes_server(context: Context, item: ObjectDiff, change: Change) -> Consequence | None:
    """A setting changes whose reload makes the server panic, and the pods stay."""
    setting = _reloaded(context, item, change)
    if setting is None or setting.effect.outcome != "crash":
        return None
    together = "" if setting.nats.plain is not None else "; the reloaders of all pods signal at about the same time"
    return Consequence(
        f"{setting.effect.reason}{together}",
        setting.remedy,
        setting.effect.source,
    )


@impact(
    "DI305",
    "no-reload",
    "not-applied",
    why="Without a reloader beside the server, or with a file mounted by subPath, the server never learns that the "
    "file has changed, and the pod template stays the same.",
    source="the rendering",
    remedy=ROLL.format(name="NAME"),
    fails="""\
at: ConfigMap/nats-config:nats.conf:max_payload
container: {volumeMounts: [{name: config, mountPath: /etc/nats-config/nats.conf, subPath: nats.conf},
  {name: nats-js, mountPath: /data}]}
new: {conf: {max_payload: 2000000}}""",
    passes="new: {conf: {max_payload: 2000000}}",
)
def no_reload(context: Context, item: ObjectDiff, change: Change) -> Consequence | None:
    """A setting changes, the pods stay, and nothing makes the server reload."""
    setting = _setting(context, item, change)
    reason = _why_no_reload(setting.nats) if setting is not None else None
    if setting is None or reason is None:
        return None
    return Consequence(f"{reason}, and the pod template stays the same", setting.remedy)


@impact(
    "DI306",
    "servers-do-not-start",
    "refused",
    why="The server exits when it starts, so each pod that restarts with this configuration stays down; `nats-server "
    "-t` does not see it.",
    source="run on nats-server 2.10.26, 2.12.8, 2.14.6 and 2.15.1",
    remedy="lint rules JS010 and JS011 say what to set.",
    fails="""\
at: ConfigMap/nats-config:nats.conf:leafnodes
new: {conf: {leafnodes: {port: 7422}}}""",
    passes="""\
new: {conf: {leafnodes: {port: 7422}, accounts: {"$SYS": {}}, system_account: "$SYS"}}""",
)
def servers_do_not_start(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """A setting changes, and with it the system account keeps the servers from starting, which it did not before."""
    servers = context.of_config_map(item) if change.file else None
    if servers is None or not change.path or str(change.path[0]).lower() not in DECIDE_START:
        return None
    if servers.new is None or (servers.old is not None and start_problem(servers.old_conf)):
        return None
    return start_problem(servers.new_conf) or None


@impact(
    "DI307",
    "server-refuses-configuration",
    "refused",
    why="The server refuses the file as a whole: while it runs it keeps the old one, and a pod that restarts does not "
    "come up.",
    source="every key and demand tested on nats-server 2.10.26 to 2.15.1 (configuration.md)",
    remedy="Correct the setting in the chart's values.",
    fails="""\
at: ConfigMap/nats-config:nats.conf:max_payload
new: {conf: {max_payload: 4MB}}""",
    passes="new: {conf: {max_payload: 4194304}}",
)
def server_refuses_configuration(context: Context, item: ObjectDiff, change: Change) -> Consequence | None:
    """A setting changes, and the server of this version refuses the new one, which it did not before."""
    servers = context.of_config_map(item) if change.file else None
    if servers is None or servers.after is None:
        return None
    faults = [fault for fault in new_faults(servers.before, servers.after) if _is_about(fault, change)]
    if not faults:
        return None
    reason = (
        f"{servers.after.version.program} refuses it: {faults[0].message}; a reload keeps the old file, and a pod "
        "that restarts does not come up"
    )
    remedy = faults[0].remedy
    return Consequence(reason, f"{remedy[:1].upper()}{remedy[1:]}{'' if remedy.endswith('?') else '.'}")


@impact(
    "DI308",
    "server-refuses-release",
    "refused",
    "release",
    why="The new servers exit when they start: the rollout stops at the first pod.",
    source="every key and demand tested on nats-server 2.10.26 to 2.15.1 (configuration.md)",
    remedy="Correct what the message names, or keep the version.",
    fails="""\
conf: {server_metadata: {zone: a}}
old: {container: {image: "nats:2.14.6-alpine"}}
new: {container: {image: "nats:2.11.4-alpine"}}""",
    passes="""\
conf: {server_metadata: {zone: a}}
old: {container: {image: "nats:2.14.6-alpine"}}
new: {container: {image: "nats:2.15.1-alpine"}}""",
)
def server_refuses_release(context: Context) -> str | None:
    """The server's version, its environment or its command line changes, and with it nats.conf is refused."""
    for servers in context.servers:
        if servers.before is None or servers.after is None:
            continue
        for fault in new_faults(servers.before, servers.after):
            if same(value_at(servers.old_conf, fault.path), value_at(servers.new_conf, fault.path)):
                return f"{servers.after.version.program} does not start with nats.conf: {fault.message}"
    return None


def _is_about(fault: Fault, change: Change) -> bool:
    """Whether a fault lies at or below a change, or around it."""
    pairs = zip(fault.path, change.path, strict=False)
    return all(isinstance(part, Item) or isinstance(key, int) or str(part) == key for key, part in pairs)


def _setting(context: Context, item: ObjectDiff, change: Change) -> Setting | None:
    """A setting of servers that run on; None where they start or restart, and read everything."""
    servers = context.of_config_map(item) if change.file else None
    if servers is None or servers.new is None or servers.old is None or servers.template_changes:
        return None
    return Setting(servers.new, _effect(change, servers.new))


def _reloaded(context: Context, item: ObjectDiff, change: Change) -> Setting | None:
    """The same, where a change of the file makes the servers reload."""
    setting = _setting(context, item, change)
    return setting if setting is not None and _why_no_reload(setting.nats) is None else None


def _effect(change: Change, nats: Nats) -> Effect:
    """What a reload does with a change; the table knows items of lists by their position only."""
    path = tuple(0 if isinstance(part, Item) else part for part in change.path)
    return effect(path, change.before, change.after, nats.version)


def _refused_beside(item: ObjectDiff, change: Change, nats: Nats) -> str | None:
    """Another setting of the same server's files that makes the server refuse the whole reload."""
    for sibling in item.changes:
        if sibling is not change and sibling.file and _effect(sibling, nats).outcome == "refused":
            return dotted(sibling.path)
    return None


def _why_no_reload(nats: Nats) -> str | None:
    """Why the servers do not notice that the file changed; None if they do, or somebody signals them."""
    if nats.plain is not None:
        return None
    pod = nats.statefulset.value["spec"]["template"]["spec"]
    for mount in nats.container_value.get("volumeMounts") or []:
        if isinstance(mount, dict) and mount.get("subPath") == nats.config_key:
            return f"{nats.config_key} is mounted by subPath, which never follows its ConfigMap"
    containers = [*(pod.get("containers") or []), *(pod.get("initContainers") or [])]
    if any("reloader" in f"{item.get('name')} {item.get('image')}" for item in containers if isinstance(item, dict)):
        return None
    return "no reloader runs beside the servers"


IMPACTS = (
    reload_applies_setting,
    reload_does_not_apply_setting,
    reload_refused_as_a_whole,
    reload_crashes_server,
    no_reload,
    servers_do_not_start,
    server_refuses_configuration,
    server_refuses_release,
)
