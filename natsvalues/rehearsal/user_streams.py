"""The user's streams, from what nats and its servers print of them, or from a list of configurations.

facts: `nats stream info --json`, a backup's `backup.json` and `$JS.API.STREAM.INFO` have `config` on top;
`/jsz?accounts=true&streams=true&consumers=true&config=true` has `account_details`, `stream_detail` and
`consumer_detail`, and each server lists only what it has a replica of; `nats server request` puts a server's
answer below `data` (2.12.8 to 2.15.1).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from natsvalues.errors import NatsvaluesError, Where
from natsvalues.records import NamedTuple
from natsvalues.text.yamltree import Tree, YamlSyntaxError, at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Config = dict[str, Any]

_OWN_KEYS = ("account", "consumers")
"""What an item of a plain list may have besides the keys of a StreamConfig."""
HINT = (
    "give what `nats stream info NAME --json` prints, a backup's backup.json, a server's\n"
    "/jsz?accounts=true&streams=true&consumers=true&config=true, or a list of stream configurations"
)


class UserStream(NamedTuple):
    """A stream's configuration as the JetStream API takes it, and those of its durable consumers.

    `account` and `cluster` are empty where the file does not say them; `left_out` are consumers that end by themselves.
    """

    config: Config
    consumers: tuple[Config, ...]
    account: str
    cluster: str
    left_out: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The stream's name."""
        return str(self.config["name"])


def user_streams(text: str, file: str) -> tuple[UserStream, ...]:
    """The streams in a file, each once. Raises NatsvaluesError (NV-R040) for a file that has none."""
    streams = together(stream for document in _documents(text, file) for stream in _streams(document, "", file))
    if not streams:
        raise _no_streams(file, "no stream in it")
    return streams


def together(streams: Iterable[UserStream]) -> tuple[UserStream, ...]:
    """Each stream once, with the consumers that any server listed: a server lists those that it has a replica of."""
    known: dict[tuple[str, str, str], UserStream] = {}
    for stream in streams:
        first = known.setdefault((stream.account, stream.name, stream.cluster), stream)
        consumers = {str(item["durable_name"]): item for item in (*stream.consumers, *first.consumers)}
        left_out = tuple(dict.fromkeys((*first.left_out, *stream.left_out)))
        known[first.account, first.name, first.cluster] = first._replace(
            consumers=tuple(consumers.values()), left_out=left_out
        )
    return tuple(known.values())


def _documents(text: str, file: str) -> Iterator[Any]:
    """The JSON values of a text, one after the other; else its one YAML document."""
    decoder = json.JSONDecoder()
    rest = text.strip()
    values = []
    try:
        while rest:
            value, end = decoder.raw_decode(rest)
            values.append(value)
            rest = rest[end:].lstrip()
    except (ValueError, RecursionError):
        try:
            values = [Tree(text.replace("\r\n", "\n")).value]
        except YamlSyntaxError as error:
            raise at(file, 1, error) from None
    yield from values


def _streams(value: Any, account: str, file: str) -> Iterator[UserStream]:
    if isinstance(value, list):
        for item in value:
            yield from _streams(item, account, file)
        return
    if not isinstance(value, dict):
        raise _no_streams(file, "an item is no mapping, such as where only names are listed")
    for key in ("data", "streams", "account_details", "stream_detail"):  # from the outside to the inside
        inner = value.get(key)
        if isinstance(inner, (dict, list)):
            name = str(value.get("name") or "") if key == "stream_detail" else account
            yield from _streams(inner, name, file)
            return
    if any(key in value for key in ("now", "server_id", "server", "reserved_memory")):
        return  # a server or an account without streams
    yield _stream(value, account, file)


def _stream(value: Config, account: str, file: str) -> UserStream:
    details = value.get("config")
    if isinstance(details, dict):
        config, consumers = details, [_consumer(item) for item in value.get("consumer_detail") or ()]
    else:
        config = {key: item for key, item in value.items() if key not in _OWN_KEYS}
        consumers = list(value.get("consumers") or ())
    if not isinstance(details, dict) and "state" in value:
        raise _no_streams(file, "it lists streams without their configurations (config=true is missing)")
    if not isinstance(config.get("name"), str) or not all(isinstance(item, dict) for item in consumers):
        raise _no_streams(file, "a stream without a `name`")
    cluster = value.get("cluster")
    placement = config.get("placement")
    place = cluster.get("name") if isinstance(cluster, dict) else None
    place = place or (placement.get("cluster") if isinstance(placement, dict) else None)
    durable = tuple(item for item in consumers if _stays(item))
    others = tuple(str(item.get("name") or "without a name") for item in consumers if not _stays(item))
    return UserStream(config, durable, str(value.get("account") or account), str(place or ""), others)


def _stays(consumer: Config) -> bool:
    """Whether a consumer is there until it is deleted, also while nobody uses it."""
    return bool(consumer.get("durable_name")) and not consumer.get("inactive_threshold")


def _consumer(detail: Any) -> Config:
    """The configuration of a consumer, from its details."""
    config = detail.get("config") if isinstance(detail, dict) else None
    return config if isinstance(config, dict) else {}


def _no_streams(file: str, reason: str) -> NatsvaluesError:
    return NatsvaluesError("NV-R040", f"no list of streams: {reason}", where=(Where(file),), hint=HINT)
