"""What a region's servers answer to the requests that a plan's checks need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.errors import NatsvaluesError
from natsvalues.rehearsal.monitoring import gateways_of, health_of, process_of
from natsvalues.runbook.checking import OK, Seen, Server
from natsvalues.runbook.stores import REQUEST, read_stores

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from natsvalues.outside.loopback import Answer

ASKED = ("/healthz", "/varz", "/gatewayz", REQUEST)
"""What every server is asked for, in the order of the answers of `server_seen`."""


def server_seen(pod: str, answers: Sequence[Answer]) -> tuple[Server, str]:
    """One server, and its answer to /jsz; empty if it has none."""
    health, process, gateways = health_of(answers[0]), process_of(answers[1]), gateways_of(answers[2])
    name, version = (process.name, process.version) if process is not None else ("", "")
    outbound = tuple(gateways.outbound) if gateways is not None else ()
    js = answers[3]
    return Server(pod, health.status, health.reason[:120], name, outbound, version), js.body if js.status == OK else ""


def region_seen(region: str, answers: Iterable[tuple[Server, str]], cluster: str, *, reached: bool | None) -> Seen:
    """A region; without stores if something else than a server answers."""
    known = list(answers)
    texts = [(text, f"{region}: {server.pod}") for server, text in known if text]
    try:
        stores = read_stores(texts) if texts else None
    except NatsvaluesError:  # something else listens there
        stores = None
    return Seen(tuple(server for server, _ in known), stores, None, cluster, reached)
