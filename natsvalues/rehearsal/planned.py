"""The streams of a rehearsal before they exist: ours, or the user's, each with its region and what is sent to it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from natsvalues.manifests.settings import cluster_name, jetstream_is_on
from natsvalues.outside.jetstream import own_stream
from natsvalues.records import NamedTuple
from natsvalues.rehearsal.login import literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from natsvalues.rehearsal.rendering import Rendering
    from natsvalues.rehearsal.user_streams import UserStream

    Config = dict[str, Any]

_REPLICAS = 3
_HOUR = 3_600_000_000_000
_MESSAGE_BYTES = 200
"""More than a message of a rehearsal takes in a store."""


class Planned(NamedTuple):
    """One stream: how reports name it, where it is made, and how. `account` is empty for any with JetStream.

    `notes` say what is different from where it comes from.
    """

    name: str
    region: str
    config: Config
    consumers: tuple[Config, ...] = ()
    account: str = ""
    is_ours: bool = True
    notes: tuple[str, ...] = ()

    @property
    def stream(self) -> str:
        """Its name for the servers."""
        return str(self.config["name"])

    @property
    def origins(self) -> tuple[str, ...]:
        """The streams of the same account whose messages must all be in it."""
        listed = [self.config.get("mirror"), *(self.config.get("sources") or ())]
        partial = ("external", "filter_subject", "subject_transforms", "opt_start_seq", "opt_start_time")
        return tuple(str(item["name"]) for item in listed if item and not any(item.get(key) for key in partial))

    @property
    def subjects(self) -> tuple[str, ...]:
        """What it listens to; the server takes its name if nothing is said."""
        copies = self.config.get("mirror") or self.config.get("sources")
        return tuple(map(str, self.config.get("subjects") or (() if copies else (self.stream,))))

    @property
    def takes_messages(self) -> bool:
        """Whether clients can publish to it, and get an answer for each message."""
        return bool(self.subjects) and not self.config.get("no_ack")

    def subject(self, number: int) -> str:
        """The subject of a message: one that a consumer of the stream gets, if there are consumers."""
        filters = [str(name) for item in self.consumers for name in _filters(item)]
        patterns = filters or self.subjects
        return literal(patterns[number % len(patterns)], f"rehearsal-{number}")

    def keeps(self, sent: int) -> bool:
        """Whether so many messages are all in it until the end, by its own limits and retention."""
        config = self.config
        limits = {name: int(config.get(name) or 0) for name in ("max_msgs", "max_bytes", "max_age")}
        per_subject = int(config.get("max_msgs_per_subject") or 0)
        wild = all("*" in name or name.endswith(">") for name in self.subjects)  # each message has its own subject
        return (
            config.get("retention", "limits") == "limits"
            and (per_subject <= 0 or wild or per_subject > sent)
            and not 0 < limits["max_msgs"] < sent
            and not 0 < limits["max_bytes"] < sent * _MESSAGE_BYTES
            and not 0 < limits["max_age"] < _HOUR
        )


def _filters(consumer: Config) -> Sequence[str]:
    one = consumer.get("filter_subject")
    return [one] if one else consumer.get("filter_subjects") or ()


def stream_name(region: str) -> str:
    """The name of our stream of a region."""
    return f"REHEARSAL_{re.sub(r'[^A-Z0-9]', '_', region.upper())}"


def ours(name: str, region: str, rendering: Rendering) -> Planned:
    """A stream of ours in a region."""
    replicas = min(_REPLICAS, rendering.replicas) if rendering.conf.get("cluster") else 1
    return Planned(name, region, own_stream(name, cluster_name(rendering.conf) or "", replicas))


def of_user(
    streams: Sequence[UserStream], renderings: Mapping[str, Rendering], regions: Sequence[str] = ()
) -> tuple[Planned, ...]:
    """The user's streams, those that others copy first: each in the region whose cluster it was in.

    A stream of another cluster, or of none, is made in the first region that runs JetStream; with `regions`, in the
    first of these, and what was in the others is left out.
    """
    with_jetstream = {key: item for key, item in renderings.items() if jetstream_is_on(item.conf)}
    by_cluster = {cluster_name(item.conf): key for key, item in with_jetstream.items()}
    allowed = [key for key in with_jetstream if not regions or key in regions]
    first = next(iter(allowed), next(iter(renderings)))
    names = [stream.name for stream in streams]
    planned = []
    for stream in streams:
        region = by_cluster.get(stream.cluster, first) if stream.cluster else first
        if region not in allowed:
            continue
        parts = [stream.account, stream.cluster] if names.count(stream.name) > 1 else []
        name = " ".join([stream.name, *(f"({part})" for part in parts if part)])
        notes = [f"stream {name}: consumer {item} ends by itself, and was left out" for item in stream.left_out]
        if stream.cluster and stream.cluster not in by_cluster:
            notes.append(f"stream {name} was in cluster {stream.cluster}, which is not here: it was made in {region}")
        if stream.config.get("sealed"):
            notes.append(f"stream {name} is sealed; it was made without that, to have messages")
        config = {key: item for key, item in stream.config.items() if key != "sealed"}
        planned.append(
            Planned(name, region, config, stream.consumers, stream.account, is_ours=False, notes=tuple(notes))
        )
    return tuple(sorted(planned, key=lambda item: bool(item.config.get("mirror") or item.config.get("sources"))))


def too_many(planned: Planned, rendering: Rendering) -> str:
    """A sentence if a stream wants more replicas than its region has servers; else empty."""
    replicas = int(planned.config.get("num_replicas") or 1)
    if replicas <= rendering.replicas:
        return ""
    return f"{replicas} replicas, and {planned.region} has {rendering.replicas} servers"
