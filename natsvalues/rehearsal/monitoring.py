"""What a server reports through its monitoring endpoint, read from the answers to three requests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from natsvalues.rehearsal.convergence import OK
from natsvalues.rehearsal.snapshot import View

if TYPE_CHECKING:
    from natsvalues.outside.loopback import Answer

MONITORED = ("/healthz", "/jsz", "/gatewayz")
"""What every server is asked for, in the order of the parameters of `view_of`."""


def view_of(name: str, health: Answer, js: Answer, gateways: Answer) -> View:
    """The view of the server with this name."""
    group = table(js.body).get("meta_cluster") or {}
    links = table(gateways.body)
    return View(
        health.status,
        str(table(health.body).get("error", "")) or health.body[:200] if health.status != OK else "",
        name,
        str(group.get("leader") or ""),
        int(group.get("cluster_size") or 0),
        tuple(name for name, link in (links.get("outbound_gateways") or {}).items() if link.get("connection")),
        js.status == OK and not table(js.body).get("disabled"),
    )


def table(body: str) -> dict[str, Any]:
    """A JSON object; empty for anything else."""
    try:
        table = json.loads(body)
    except ValueError:
        return {}
    return table if isinstance(table, dict) else {}
