"""`natsvalues overlay`: the regions, and the effective overlay of one."""

from __future__ import annotations

import json
from typing import Any

from natsvalues.cli.edge import guarded
from natsvalues.cli.overlays_folder import overlays_folder
from natsvalues.cli.state import Run
from natsvalues.cli.streams import write_output
from natsvalues.errors import EXIT_OK
from natsvalues.overlays.folder import load
from natsvalues.overlays.plan import Plan, joinings, plain_values, plan
from natsvalues.supercluster.joining import upgrade_order
from natsvalues.text.hosts import endpoint
from natsvalues.text.yamlwrite import block


def list_regions(overlays: str | None, *, as_json: bool) -> int:
    """Print the regions' names in the order of their upgrades: one a line, or a JSON array on one line."""

    def work() -> int:
        regions = upgrade_order(joinings(load(overlays_folder(overlays))))
        write_output((json.dumps(regions) if as_json else "\n".join(regions)) + "\n")
        return EXIT_OK

    return guarded(Run(), work)


def show(region: str, overlays: str | None) -> int:
    """Print the effective overlay as YAML."""

    def work() -> int:
        folder = overlays_folder(overlays)
        effective = plan(load(folder), region)
        write_output("\n".join(block(_effective(effective))) + "\n")
        return EXIT_OK

    return guarded(Run(), work)


def _effective(effective: Plan) -> dict[str, Any]:
    region, shared = effective.region, effective.supercluster
    return {
        "region": region.name,
        "supercluster": shared.name,
        "stage": region.stage,
        "joins": region.joins,
        "jetstream": {
            "scope": shared.jetstream.scope,
            "domain": region.domain or shared.jetstream.domain,
            "systemAccount": region.system_account,
        },
        "serverNames": plain_values(region.server_names) if region.server_names else None,
        "gateway": {**plain_values(shared.gateway), "advertise": endpoint(effective.host, effective.port)},
        "remotes": [plain_values(remote) for remote in effective.remotes],
        "loadBalancer": plain_values(effective.load_balancer),
        "dns": plain_values(effective.dns),
        "probes": plain_values(effective.probes),
        "digest": effective.digest,
    }
