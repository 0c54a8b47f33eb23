"""The whole supercluster at one moment, as plain values: the input for convergence and causes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from natsvalues.records import NamedTuple

if TYPE_CHECKING:
    from natsvalues.manifests.probes import Probe
    from natsvalues.rehearsal.rendering import Rendering

Trouble = Literal[
    "duplicate name",
    "wrong gateway",
    "rejected",
    "TLS",
    "authorization",
    "fatal",
    "ended",
    "reload refused",
    "not started",
]
_TROUBLES: tuple[tuple[Trouble, re.Pattern[str]], ...] = (
    ("fatal", re.compile(r"\[FTL\]|^nats-server: |^panic: ")),
    ("duplicate name", re.compile(r"duplicate name|Duplicate Server Name|Duplicate Remote Server Name", re.IGNORECASE)),
    ("wrong gateway", re.compile(r"remote gateway name is|Wrong Gateway", re.IGNORECASE)),
    ("rejected", re.compile(r"Rejecting connection from gateway|gateway .* rejected", re.IGNORECASE)),
    ("TLS", re.compile(r"TLS (?:gateway|route) handshake error|x509: |tls: ", re.IGNORECASE)),
    ("reload refused", re.compile(r"config reload not supported")),
    ("authorization", re.compile(r"authentication error|Authorization Violation", re.IGNORECASE)),
)


def trouble_in(line: str) -> Trouble | None:
    """The kind of trouble that a log line of a server reports, if any."""
    return next((kind for kind, pattern in _TROUBLES if pattern.search(line)), None)


def words_of(line: str) -> str:
    """A log line of a server without its process, time and level."""
    return (line.partition("] ")[2] or line)[:300]


class View(NamedTuple):
    """What a server reports through its monitoring endpoint: /healthz, /jsz and /gatewayz."""

    status: int = 0
    reason: str = ""
    name: str = ""
    leader: str = ""
    size: int = 0
    outbound: tuple[str, ...] = ()
    jetstream: bool = False


class PodNow(NamedTuple):
    """One pod. `answers` are the last status and text of each probe, by kind.

    `state` is `down` (no process), `starting` (the startup probe has not succeeded), `running` (not ready), `ready` or
    `stopping`.
    """

    name: str
    region: str
    state: str
    ready: bool
    restarts: int
    waiting_on: Probe | None
    answer: tuple[int, str]
    view: View
    troubles: dict[str, str]
    exit_code: int | None
    address: str = ""


class BalancerNow(NamedTuple):
    """One load balancer, how many pods it may send to, and how many connections it has reset (None: unknown).

    `breaks` says with which annotation it breaks the connections of gateways; empty if with none.
    """

    key: str
    region: str
    address: str
    publish_not_ready: bool
    arrived: bool
    backends: tuple[str, ...]
    endpoints: tuple[str, ...]
    candidates: int
    refused: int | None
    check: str
    breaks: str = ""


class Snapshot(NamedTuple):
    """Everything at one moment; only regions that run count."""

    seconds: float
    renderings: dict[str, Rendering]
    pods: tuple[PodNow, ...]
    balancers: tuple[BalancerNow, ...]
    cut: frozenset[str]
    fresh: bool

    def of(self, region: str) -> tuple[PodNow, ...]:
        """A region's pods."""
        return tuple(pod for pod in self.pods if pod.region == region)
