"""`natsvalues overlay`: which regions there are, and what a region's overlay comes to."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from natsvalues.cli.edge import guarded
from natsvalues.cli.state import Run
from natsvalues.errors import EXIT_OK
from natsvalues.overlays.folder import load, locate
from natsvalues.overlays.plan import Plan, plan
from natsvalues.text.hosts import endpoint
from natsvalues.text.reading import spelled
from natsvalues.text.yamlwrite import block


def list_regions(overlays: str | None, *, as_json: bool) -> int:
    """Print the regions' names: one a line, or a JSON array on one line."""

    def work() -> int:
        regions = list(load(locate(overlays, dict(os.environ), os.getcwd())).regions)
        sys.stdout.write((json.dumps(regions) if as_json else "\n".join(regions)) + "\n")
        return EXIT_OK

    return guarded(Run(), work)


def show(region: str, overlays: str | None) -> int:
    """Print the effective overlay as YAML."""

    def work() -> int:
        folder = locate(overlays, dict(os.environ), os.getcwd())
        effective = plan(load(folder), region)
        sys.stdout.write("\n".join(block(_shown(effective))) + "\n")
        return EXIT_OK

    return guarded(Run(), work)


def _shown(effective: Plan) -> dict[str, Any]:
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
        "serverNames": _plain(region.server_names) if region.server_names else None,
        "gateway": {**_plain(shared.gateway), "advertise": endpoint(effective.host, effective.port)},
        "remotes": [_plain(remote) for remote in effective.remotes],
        "loadBalancer": _plain(effective.load_balancer),
        "dns": _plain(effective.dns),
        "probes": _plain(effective.probes),
        "digest": effective.digest,
    }


def _plain(item: Any) -> Any:
    if hasattr(item, "_asdict"):
        return {spelled(name): _plain(part) for name, part in item._asdict().items()}
    if isinstance(item, (tuple, list)):
        return [_plain(part) for part in item]
    return item
