"""Whether a check holds, from what was seen: true, false, or not known, and why."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from natsvalues.records import NamedTuple
from natsvalues.runbook.stores import last_of, number_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from natsvalues.runbook.step import Check
    from natsvalues.runbook.stores import Stored, Stores

OK = 200


class Server(NamedTuple):
    """What one server answered: the status of /healthz (0: none) and its reason; name, gateways, version.

    Name and version are empty where /varz was not answered.
    """

    pod: str
    status: int
    reason: str
    name: str = ""
    outbound: tuple[str, ...] = ()
    version: str = ""


class Seen(NamedTuple):
    """One region: its servers, if they were asked, its stores, how many pods are wanted, and its cluster's name.

    `reached` says whether the gateway's host answered from here; None if it was not tried. `rollout` says how far a
    rolling update is that has not ended; empty if there is none.
    """

    servers: tuple[Server, ...] = ()
    stores: Stores | None = None
    running: int | None = None
    cluster: str = ""
    reached: bool | None = None
    rollout: str = ""


class Backup(NamedTuple):
    """A stream in a backup: how many messages and consumers it has, and number and time of its last message."""

    messages: int
    last: str = ""
    consumers: int = 0

    def is_of(self, stream: Stored) -> bool:
        """Whether the stream has had no message since."""
        return self.messages >= stream.messages and self.last == stream.last

    def lacks(self, stream: Stored | None) -> str:
        """What a restored stream lacks; empty if it is whole. A backup's ephemeral consumers may be gone by now.

        A stream that got as far as the backup, and has fewer messages, had them all: some were consumed or expired.
        """
        if stream is None:
            return "is not there"
        if stream.messages < self.messages and number_of(stream.last) < number_of(self.last):
            return f"has {stream.messages} of {self.messages} messages"
        return f"has none of {self.consumers} consumers" if self.consumers and not stream.consumers else ""


class Answer(NamedTuple):
    """Whether a check holds (None: not known), and what was seen."""

    holds: bool | None
    seen: str


def answer(check: Check, seen: Seen, backups: str) -> Answer:
    """Whether a check holds; `backups` is the folder of the region's backups."""
    if check.kind == "backed-up":
        return _backed_up(check, seen, backups)
    if check.kind == "reachable":
        if seen.reached is None:
            return Answer(None, "not tried")
        return Answer(seen.reached, "the port answers from here" if seen.reached else "no answer from here")
    if check.kind in ("healthy", "connected", "named", "version"):
        return _of_servers(check, seen) if seen.servers else Answer(None, "no server was asked")
    if seen.stores is None:
        return Answer(None, "no server answered /jsz" if seen.servers else "no server was asked")
    return _STORED[check.kind](check, seen, backups)


def _of_servers(check: Check, seen: Seen) -> Answer:
    servers = seen.servers
    if check.kind == "named":
        names = [server.name for server in servers]
        return Answer(check.detail[0] in names, f"there are {', '.join(names)}")
    if check.kind == "version":
        others = [f"{item.pod}: {item.version or 'no answer'}" for item in servers if item.version != check.detail[0]]
        return Answer(not others, "; ".join(others) or f"{len(servers)} of {len(servers)} servers")
    if check.kind == "healthy":
        wrong = [
            f"{item.pod}: {item.status or 'no answer'}{f' ({item.reason})' if item.reason else ''}"
            for item in servers
            if item.status != OK
        ]
        wrong += [seen.rollout] if seen.rollout else []  # servers that are about to go answer 200, too
        return Answer(not wrong, "; ".join(wrong) or f"{len(servers)} of {len(servers)} servers")
    lacking = [
        f"{server.pod} has none to {', '.join(sorted(set(check.detail) - set(server.outbound)))}"
        for server in servers
        if set(check.detail) - set(server.outbound)
    ]
    return Answer(not lacking, "; ".join(lacking) or f"{len(servers)} of {len(servers)} servers")


def _group(check: Check, seen: Seen, _backups: str) -> Answer:
    stores = seen.stores
    assert stores is not None  # noqa: S101   # asked above
    wanted = int(check.detail[0])
    words = f"leader {stores.leader or 'none'}, size {', '.join(map(str, sorted(stores.sizes))) or 'none'}"
    words += f", offline: {', '.join(stores.offline)}" if stores.offline else ""
    return Answer(bool(stores.leader) and stores.sizes == {wanted} and not stores.offline, words)


def _without(which: Callable[[Stored], bool]) -> Callable[[Check, Seen, str], Answer]:
    """A check that no stream of the region is like this."""

    def judge(_check: Check, seen: Seen, _backups: str) -> Answer:
        streams = seen.stores.of(seen.cluster) if seen.stores is not None else ()
        wrong = [f"{stream.account}/{stream.name}" for stream in streams if which(stream)]
        return Answer(not wrong, ", ".join(wrong) or f"{len(streams)} streams")

    return judge


def _level(check: Check, seen: Seen, _backups: str) -> Answer:
    streams = seen.stores.of(seen.cluster) if seen.stores is not None else ()
    wrong = [f"{item.account}/{item.name} needs {item.level}" for item in streams if item.level > int(check.detail[0])]
    return Answer(not wrong, ", ".join(wrong) or f"{len(streams)} streams")


def _empty(check: Check, seen: Seen, _backups: str) -> Answer:
    names = {item.rpartition("/")[2] for item in check.detail}
    streams = seen.stores.of(seen.cluster) if seen.stores is not None else ()
    wrong = [f"{item.name} has {item.messages}" for item in streams if item.name in names and item.messages]
    return Answer(not wrong, ", ".join(wrong) or "no message")


def _restored(check: Check, seen: Seen, backups: str) -> Answer:
    there = {stream.name: stream for stream in (seen.stores.of(seen.cluster) if seen.stores is not None else ())}
    kept = backups_in(backups)
    names = [item.rpartition("/")[2] for item in check.detail] or list(kept)
    if not names:
        return Answer(None, f"{backups} has no backup")
    lacks = {name: kept.get(name, Backup(0)).lacks(there.get(name)) for name in names}
    wrong = [f"{name} {lack}" for name, lack in lacks.items() if lack]
    return Answer(not wrong, ", ".join(wrong) if wrong else f"{len(names)} streams")


def _backed_up(check: Check, seen: Seen, backups: str) -> Answer:
    kept = backups_in(backups)
    names = [item.rpartition("/")[2] for item in check.detail]
    streams = seen.stores.of(seen.cluster) if seen.stores is not None else ()
    wrong = [name for name in names if name not in kept]
    wrong += [
        stream.name
        for stream in streams
        if stream.name not in wrong
        and (not names or stream.name in names)
        and (stream.name not in kept or not kept[stream.name].is_of(stream))
    ]
    if not names and not streams:
        return Answer(bool(kept) or None, f"{backups} has {len(kept)} backups")
    return Answer(not wrong, f"missing or older: {', '.join(wrong)}" if wrong else f"{len(kept)} backups in {backups}")


def backups_in(folder: str) -> dict[str, Backup]:
    """The backups in a folder, by the streams' names, as `nats stream backup` writes them.

    In the order in which they are restored: streams that copy others come last. A mirror that was restored before its
    origin lacked 17 of 43 messages at the end (2.15.1).
    """
    kept: dict[str, Backup] = {}
    copies: dict[str, Backup] = {}
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
        try:
            with open(os.path.join(folder, name, "backup.json"), encoding="utf-8") as file:
                content = json.load(file)
            state = content["state"]
            is_copy = content["config"].get("mirror") or content["config"].get("sources")
            (copies if is_copy else kept)[str(content["config"]["name"])] = Backup(
                int(state["messages"]), last_of(state), int(state.get("consumer_count") or 0)
            )
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return kept | copies


_STORED = {
    "group": _group,
    "whole": _without(lambda stream: not stream.is_whole),
    "replicated": _without(lambda stream: stream.replicas == 1),
    "on-disk": _without(lambda stream: stream.storage == "memory"),
    "restored": _restored,
    "level": _level,
    "empty": _empty,
}
