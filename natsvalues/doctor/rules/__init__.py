"""Doctor's own rules: what is true of regions that run, beside everything that lint knows of their objects."""

from __future__ import annotations

from natsvalues.doctor.rules import clouds, gateways, machine, meta, objects, servers

GROUPS = {
    "Objects of Kubernetes": (
        objects.no_address, objects.other_template, objects.cannot_start, objects.secret_missing, objects.not_bound,
        objects.exits, objects.not_an_endpoint, objects.negative_answers,
        objects.not_ready,
    ),
    "Servers": (
        servers.silent, servers.stale_configuration, servers.without_jetstream, servers.same_name, servers.versions,
        servers.forgotten,
        servers.edited,
    ),
    "Gateways": (
        gateways.unresolved, gateways.elsewhere, gateways.other_gateway, gateways.not_connected, gateways.rejected,
        gateways.other_names, gateways.near_end, gateways.not_trusted,
    ),
    "Clouds": (
        clouds.missing, clouds.not_applied, clouds.waits, clouds.no_listener, clouds.unhealthy, clouds.proxy,
        clouds.setting,
    ),
    "This machine": (machine.plugins_clash,),
    "Meta group": (meta.stuck, meta.no_leader, meta.apart, meta.size, meta.offline, meta.ghosts),
}  # fmt: skip
RULES = tuple(rule for rules in GROUPS.values() for rule in rules)
FOLLOWING = (
    clouds.unhealthy.id,
    objects.not_an_endpoint.id, gateways.not_connected.id, meta.no_leader.id, meta.size.id, meta.offline.id,
    objects.not_ready.id,
)  # fmt: skip
"""Rules about what follows from other faults, causes first: beside a finding that explains them they are none."""
