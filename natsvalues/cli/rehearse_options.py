"""The options of `natsvalues rehearse`, and their defaults."""

from __future__ import annotations

import os

from natsvalues.cli.outputs import unwritable
from natsvalues.records import NamedTuple
from natsvalues.rehearsal.naming import Dns
from natsvalues.rehearsal.run import Bounds
from natsvalues.report.timeline_files import ending_of

ALL = "all"
RELEASE = "nats"
PATIENCE, LIMIT = 75.0, 600.0
CLUSTERS_PATIENCE, CLUSTERS_LIMIT = 180.0, 1800.0
ON_LOOPBACK = ("scale", "jobs", "keep", "mapping", "max_servers", "max_memory", "dns")
"""The options about servers that a rehearsal starts itself, by the names of their parameters."""


class ClusterOptions(NamedTuple):
    """The options of `rehearse` that are for real clusters, as they are given."""

    contexts: str
    namespace: str
    release: str
    kubeconfig: str | None
    delete_pods: str


class Options(NamedTuple):
    """The options of `rehearse`. `for_loopback` are those of `ON_LOOPBACK` that were given."""

    folder: str | None
    scenarios: tuple[str, ...]
    overlays: str | None
    rendering: str | None
    chart: str | None
    values: tuple[str, ...]
    prior: str | None
    chosen: str
    streams: tuple[str, ...]
    streams_in: tuple[str, ...]
    at_once: bool
    dns: Dns | None
    expect: str
    as_json: bool
    mapping: bool
    junit: str | None
    timeline: str | None
    keep: str | None
    jobs: int
    scale: float
    patience: float | None
    limit: float | None
    most_memory: int
    most_servers: int
    clusters: ClusterOptions | None
    for_loopback: tuple[str, ...] = ()

    @property
    def bounds(self) -> Bounds:
        """The limits, with their defaults: real kubelets and load balancers are slower."""
        patience, limit = (PATIENCE, LIMIT) if self.clusters is None else (CLUSTERS_PATIENCE, CLUSTERS_LIMIT)
        return Bounds(self.patience or patience, self.limit or limit, self.most_memory, self.most_servers)


MOST_TTL, MOST_ADDRESSES = 300, 5


def dns_of(text: str) -> Dns:
    """What `--dns` says. Raises ValueError with the reason."""
    allowed = {"ttl": range(MOST_TTL + 1), "addresses": range(1, MOST_ADDRESSES + 1)}
    numbers: dict[str, int] = {}
    for word in text.split(","):
        name, _, number = word.partition("=")
        if name not in allowed or name in numbers:
            raise ValueError(f"`{word}` is not one of ttl=SECONDS, addresses=NUMBER, each once")
        if not (number.isascii() and number.isdigit() and int(number) in allowed[name]):
            least, *_, most = allowed[name]
            raise ValueError(f"`{word}` is not {name}=NUMBER from {least} to {most}")
        numbers[name] = int(number)
    return Dns(**numbers)


def check_files(options: Options, scenarios: int) -> None:
    """Check before anything runs that the reports can be written."""
    if options.timeline:
        ending_of(options.timeline, scenarios)
    for path in filter(None, (options.timeline, options.junit)):
        if not os.path.isdir(os.path.dirname(os.path.abspath(path))):
            raise unwritable(path, "the folder does not exist")
