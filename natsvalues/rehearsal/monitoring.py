"""What a server reports through its monitoring endpoint, as plain values: each page by itself, and three together."""

from __future__ import annotations

import json
from typing import Any, Protocol

from natsvalues.records import NamedTuple
from natsvalues.rehearsal.convergence import OK
from natsvalues.rehearsal.snapshot import View

MONITORED = ("/healthz", "/jsz", "/gatewayz")
"""What every server is asked for, in the order of the parameters of `view_of`."""


class Answer(Protocol):
    """An HTTP response; status 0 and the reason as body where there was none."""

    @property
    def status(self) -> int:
        """The status of HTTP."""

    @property
    def body(self) -> str:
        """Its text."""


class Health(NamedTuple):
    """/healthz: the status of the answer, 0 without one, and why it is not 200."""

    status: int
    reason: str


class Process(NamedTuple):
    """/varz: what runs. Times as the server writes them; `digest` is empty before 2.11, `routes` counts connections."""

    name: str
    id: str
    version: str
    cluster: str
    gateway: str
    advertise: str
    digest: str
    loaded: str
    started: str
    routes: int
    account: str


class Peer(NamedTuple):
    """A member of the meta group as its leader lists it. `name` is its server's, or its id if that is not known."""

    name: str
    is_current: bool
    is_offline: bool


class Meta(NamedTuple):
    """/jsz: the meta group as one server sees it; `peers` are listed by its leader only, without itself.

    `has_jetstream` is false where JetStream is off; `size` 0 where there is no meta group. `leader` may be empty where
    another region's server leads: with a domain of its own a server knows only the leader's id (2.10 to 2.15).
    """

    has_jetstream: bool
    leader: str
    size: int
    peers: tuple[Peer, ...]


class Gateways(NamedTuple):
    """/gatewayz: the gateway's name, and by remote the address of the outbound connection, and how many come in."""

    name: str
    outbound: dict[str, str]
    inbound: dict[str, int]


def health_of(answer: Answer) -> Health:
    """Read /healthz, with whatever parameters."""
    reason = "" if answer.status == OK else str(table(answer.body).get("error", "")) or answer.body[:200]
    return Health(answer.status, reason)


def process_of(answer: Answer) -> Process | None:
    """Read /varz; None if that was not the answer."""
    page = table(answer.body) if answer.status == OK else {}
    if "server_id" not in page:
        return None
    cluster, gateway = mapping(page.get("cluster")), mapping(page.get("gateway"))
    return Process(
        str(page.get("server_name") or ""), str(page["server_id"]), str(page.get("version") or ""),
        str(cluster.get("name") or ""), str(gateway.get("name") or ""), str(gateway.get("advertise") or ""),
        str(page.get("config_digest") or ""), str(page.get("config_load_time") or ""), str(page.get("start") or ""),
        int(page.get("routes") or 0), str(page.get("system_account") or ""),
    )  # fmt: skip


def meta_of(answer: Answer) -> Meta | None:
    """Read /jsz; None if that was not the answer."""
    page = table(answer.body)
    if answer.status != OK or not page:
        return None
    group = mapping(page.get("meta_cluster"))
    listed = group.get("replicas")
    peers = tuple(
        Peer(str(item.get("name") or item.get("peer") or ""), bool(item.get("current")), bool(item.get("offline")))
        for item in (listed if isinstance(listed, list) else ())
        if isinstance(item, dict)
    )
    return Meta(not page.get("disabled"), str(group.get("leader") or ""), int(group.get("cluster_size") or 0), peers)


def gateways_of(answer: Answer) -> Gateways | None:
    """Read /gatewayz; None if that was not the answer."""
    page = table(answer.body)
    if answer.status != OK or not page:
        return None
    outbound = {
        name: f"{mapping(link.get('connection')).get('ip')}:{mapping(link.get('connection')).get('port')}"
        for name, link in mapping(page.get("outbound_gateways")).items()
        if link.get("connection")
    }
    inbound = {name: len(links) for name, links in mapping(page.get("inbound_gateways")).items()}
    return Gateways(str(page.get("name") or ""), outbound, inbound)


def view_of(name: str, health: Answer, js: Answer, gateways: Answer) -> View:
    """The view of the server with this name."""
    healthy, meta, links = health_of(health), meta_of(js), gateways_of(gateways)
    return View(
        healthy.status,
        healthy.reason,
        name,
        meta.leader if meta is not None else "",
        meta.size if meta is not None else 0,
        tuple(links.outbound) if links is not None else (),
        js.status == OK and (meta is None or meta.has_jetstream),
    )


def table(body: str) -> dict[str, Any]:
    """A JSON object; empty for anything else."""
    try:
        table = json.loads(body)
    except ValueError:
        return {}
    return table if isinstance(table, dict) else {}


def mapping(value: Any) -> dict[str, Any]:
    """A part of a page; empty for anything but a JSON object."""
    return value if isinstance(value, dict) else {}
