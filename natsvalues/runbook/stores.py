"""What a region's servers have in their JetStream stores, from their answers to `/jsz`.

facts: `/jsz?accounts=true&streams=true&consumers=true&config=true` lists the streams of the server that answers, each
with its replicas as that server sees them; only a stream's leader sees all of them. A consumer's replicas are a group
of their own, which only its leader sees whole, and a consumer of one replica is listed by one server only (2.10.26 to
2.15.1).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from natsvalues.errors import NatsvaluesError, Where
from natsvalues.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

REQUEST = "/jsz?accounts=true&streams=true&consumers=true&config=true"
SMALL_LAG = 100
"""Operations that a replica may be behind and still be called current: the server writes all the time."""


class Stored(NamedTuple):
    """A stream. `cluster` is where it is placed, empty for a server without one.

    `is_whole`: all its replicas are there and current, and those of its consumers.
    """

    account: str
    name: str
    replicas: int
    storage: str
    cluster: str
    messages: int
    is_whole: bool
    last: str = ""
    """Number and time of its last message."""
    consumers: int = 0
    level: int = 0
    """The API level that a server needs to serve it (`_nats.req.level`)."""


Consumers = dict[str, bool]
"""The consumers of a stream as one server lists them: whether each is whole."""


class Stores(NamedTuple):
    """The streams of all servers that were asked, and their meta group: its leader, its size, the peers that are gone.

    `sizes` are the sizes that the servers reported, which differ while a group forms.
    """

    streams: tuple[Stored, ...]
    leader: str = ""
    sizes: frozenset[int] = frozenset()
    offline: tuple[str, ...] = ()
    peers: frozenset[str] = frozenset()
    """The names of the meta group's servers, which only its leader lists; empty if it was not asked."""

    def of(self, cluster: str) -> tuple[Stored, ...]:
        """The streams that are placed in a cluster; those of a server without one are in every cluster."""
        return tuple(stream for stream in self.streams if stream.cluster in ("", cluster))


def read_stores(texts: Iterable[tuple[str, str]]) -> Stores:
    """The stores of the servers with these answers, each with where it was read. Raises NatsvaluesError (NV-M003)."""
    answers = [_answer(text, where) for text, where in texts]
    seen: dict[tuple[str, str], list[tuple[Stored, Consumers]]] = {}
    for stream, consumers in (pair for answer in answers for pair in _streams(answer)):
        seen.setdefault((stream.account, stream.name), []).append((stream, consumers))
    streams = tuple(_of_all(views) for views in seen.values())
    groups = [answer.get("meta_cluster") or {} for answer in answers]
    leaders = [str(group["leader"]) for group in groups if group.get("leader")]
    gone = {
        str(peer.get("name"))
        for group in groups
        for peer in group.get("replicas") or ()
        if isinstance(peer, dict) and peer.get("offline")
    }
    sizes = frozenset(int(group.get("cluster_size") or 0) for group in groups if group)
    leader = leaders[0] if len(set(leaders)) == 1 else ""
    return Stores(streams, leader, sizes, tuple(sorted(gone)), _peers(groups))


def _of_all(views: list[tuple[Stored, Consumers]]) -> Stored:
    """A stream as all servers see it: of each group its leader's view counts."""
    stream = max((stream for stream, _ in views), key=lambda view: view.is_whole)
    names = {name for _, consumers in views for name in consumers}
    is_whole = stream.is_whole and all(any(consumers.get(name) for _, consumers in views) for name in names)
    return stream._replace(consumers=len(names), is_whole=is_whole)


def _peers(groups: list[dict[str, Any]]) -> frozenset[str]:
    """The servers that a leader lists, with itself."""
    listing = [group for group in groups if group.get("replicas")]
    others = {str(peer.get("name")) for group in listing for peer in group["replicas"] if isinstance(peer, dict)}
    return frozenset(others | {str(group.get("leader")) for group in listing})


def _answer(text: str, where: str) -> dict[str, Any]:
    try:
        answer = json.loads(text)
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or not {"meta_cluster", "account_details", "streams", "disabled"} & set(answer):
        raise NatsvaluesError(
            "NV-M003",
            "this is no answer of a server to /jsz",
            where=(Where(where),),
            hint=f"save it with: curl 'http://SERVER:8222{REQUEST}'; a file may have several, one JSON object a line",
        )
    return answer


def _streams(answer: dict[str, Any]) -> Iterator[tuple[Stored, Consumers]]:
    for account in answer.get("account_details") or ():
        for stream in account.get("stream_detail") or ():
            config, cluster = stream.get("config") or {}, stream.get("cluster") or {}
            wanted = int(config.get("num_replicas") or 1)
            seen = Stored(
                account=str(account.get("name") or ""),
                name=str(stream.get("name") or ""),
                replicas=wanted,
                storage=str(config.get("storage") or "file"),
                cluster=str(cluster.get("name") or ""),
                messages=int((stream.get("state") or {}).get("messages") or 0),
                is_whole=_is_whole(cluster, wanted),
                last=last_of(stream.get("state") or {}),
                level=_level(config.get("metadata")),
            )
            yield (
                seen,
                {
                    str(consumer.get("name") or ""): _is_whole(
                        consumer.get("cluster") or {}, _replicas(consumer, wanted)
                    )
                    for consumer in stream.get("consumer_detail") or ()
                },
            )


def _level(metadata: Any) -> int:
    """The API level that a stream needs, which servers write into its metadata from 2.11 on; 0 without one."""
    text = str(metadata.get("_nats.req.level", "")) if isinstance(metadata, dict) else ""
    return int(text) if text.isdecimal() else 0


def _replicas(consumer: dict[str, Any], of_stream: int) -> int | None:
    """How many replicas a consumer has; None if the server chooses: for one that is not durable, by the retention."""
    config = consumer.get("config") or {}
    return int(config.get("num_replicas") or 0) or (of_stream if config.get("durable_name") else None)


def _is_whole(cluster: dict[str, Any], wanted: int | None) -> bool:
    """Whether a group has a leader, and its replicas are there and current; without a cluster there is no group."""
    peers = [peer for peer in cluster.get("replicas") or () if isinstance(peer, dict)]
    is_complete = wanted is None or len(peers) == wanted - 1
    return not cluster or (bool(cluster.get("leader")) and is_complete and all(map(_is_current, peers)))


def last_of(state: dict[str, Any]) -> str:
    """Number and time of a stream's last message, from its state as servers and backups write it."""
    return f"{state.get('last_seq') or 0} {state.get('last_ts') or ''}".strip()


def number_of(last: str) -> int:
    """The number of a stream's last message, from what last_of gives; 0 where nothing is known of it."""
    number = last.partition(" ")[0]
    return int(number) if number.isdigit() else 0


def _is_current(peer: dict[str, Any]) -> bool:
    return bool(peer.get("current")) and not peer.get("offline") and int(peer.get("lag") or 0) <= SMALL_LAG
