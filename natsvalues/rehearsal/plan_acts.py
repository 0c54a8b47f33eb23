"""The acts of a plan's steps, done with the JetStream API and our own StatefulSets."""

from __future__ import annotations

import asyncio
import os
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from natsvalues.errors import NatsvaluesError
from natsvalues.outside.jetstream import Client, Refused, connect
from natsvalues.outside.jetstream_transfer import back_up, restore
from natsvalues.rehearsal.causes import Why
from natsvalues.rehearsal.outcome import Cause
from natsvalues.rehearsal.plan_stage import SYSTEM, NotAllowed
from natsvalues.rehearsal.stage import Stuck
from natsvalues.runbook.checking import backups_in

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from natsvalues.rehearsal.plan_stage import PlanStage
    from natsvalues.runbook.step import Act, Step

_AGAIN = 1.0
_ENOUGH = 40.0
"""Seconds in which a request of an act has to be granted: a new leader may have to be elected first."""
_NO_STREAM = 10059
_NO_MEMBER = 10044
"""The error for a peer that is not there (any more): the checks after the step see whether the group is right."""


class Acts:
    """Does the acts of one step. Raises Stuck with the step's name."""

    def __init__(self, stage: PlanStage, step: Step) -> None:
        self._stage = stage
        self._step = step

    async def do(self) -> None:
        """All acts, in their order; publishing goes on where streams are back."""
        for act in self._step.acts:
            await self._do(act)
        if any(act.kind == "restore" for act in self._step.acts):
            self._stage.ledger.publish_to(self._step.region)

    async def _do(self, act: Act) -> None:
        does: dict[str, Callable[[Act], Awaitable[None]]] = {
            "upgrade": self._upgrade,
            "uninstall": self._uninstall,
            "backup": self._backup,
            "restore": self._restore,
            "raise": self._raise,
            "scale": self._scale,
            "remove-peer": self._remove_peer,
            "wipe": self._wipe,
            "place": self._place,
            "wait": self._wait,
            "delete": self._delete,
        }
        await does[act.kind](act)

    def stuck(self, waits_for: str, seen: str, remedy: str = "") -> Stuck:
        """The error that names the step."""
        return Stuck(Why((Cause(name_of(self._step), waits_for, seen),), remedy, is_ring=True))

    async def _upgrade(self, act: Act) -> None:
        servers = int(act.detail[0]) if act.detail else None
        try:
            release = self._stage.post_rendered(act.region, servers)
        except NotAllowed as refused:
            raise self.stuck("an upgrade that is allowed", str(refused)) from None
        except NatsvaluesError as error:
            raise self.stuck("a rendering", f"{error.code} {error.message}", error.hint or "") from None
        await self._stage.upgrade(act.region, release)

    async def _scale(self, act: Act) -> None:
        await self._stage.scale(act.region, int(act.detail[0]))

    async def _wipe(self, act: Act) -> None:
        await self._stage.wipe(act.region)

    async def _uninstall(self, act: Act) -> None:
        await self._stage.uninstall(act.region)

    async def _wait(self, act: Act) -> None:
        await self._stage.hold(float(act.detail[0]))

    # --- streams -----------------------------------------------------------------------------------------------

    async def _backup(self, act: Act) -> None:
        await self._stage.ledger.stop_publishing(act.region)
        for name in await self._names(act):
            folder = os.path.join(self._stage.folder(act.region), name)
            await self._granted(act.region, f"the backup of {name}", partial(back_up, name=name, folder=folder))

    async def _restore(self, act: Act) -> None:
        kept = list(backups_in(self._stage.folder(act.region)))  # in the order of the command
        wanted = _plain(act.detail)
        for name in [item for item in kept if item in (wanted or kept)]:
            folder = os.path.join(self._stage.folder(act.region), name)
            await self._granted(act.region, f"the restored {name}", partial(restore, folder=folder))

    async def _delete(self, act: Act) -> None:
        for name in _plain(act.detail):
            await self._granted(act.region, f"the end of {name}", partial(_deleted, name=name))

    async def _raise(self, act: Act) -> None:
        await self._edit(act, {"num_replicas": int(act.other or 3)})

    async def _place(self, act: Act) -> None:
        names = await self._names(act)
        await self._edit(act, {"placement": {"cluster": act.other}})
        await self._stage.ledger.move(names, act.other)

    async def _edit(self, act: Act, changes: dict[str, Any]) -> None:
        for name in await self._names(act):
            await self._granted(act.region, f"the change of {name}", partial(_updated, name=name, changes=changes))

    async def _names(self, act: Act) -> list[str]:
        """The streams of an act; all of the region if it names none."""
        if act.detail:
            return _plain(act.detail)
        seen = await self._stage.look(act.region)
        return [stream.name for stream in (seen.stores.of(seen.cluster) if seen.stores is not None else ())]

    async def _remove_peer(self, act: Act) -> None:
        through = act.other or act.region
        (peer,) = act.detail

        async def removed(client: Client) -> Refused | None:
            answer = await client.api("SERVER.REMOVE", {"peer": peer})
            if isinstance(answer, Refused):
                self._stage.world.tell("data", "meta group", f"removal of {peer}: {answer.code} {answer.reason}")
            return answer if isinstance(answer, Refused) and answer.code != _NO_MEMBER else None

        await self._granted(through, f"the removal of the peer {peer}", removed, is_system=True)

    async def _granted(
        self,
        region: str,
        what: str,
        ask: Callable[[Client], Awaitable[Refused | None]],
        *,
        is_system: bool = False,
    ) -> None:
        """Ask until it is granted, each time on a connection of its own."""
        end = time.monotonic() + _ENOUGH
        refused: Refused | None = None
        while time.monotonic() < end:
            client = await (self._system(region) if is_system else self._stage.ledger.connected(region))
            if client is not None:
                refused = await ask(client)
                await client.close()
                if refused is None:
                    return
            await asyncio.sleep(_AGAIN)
        seen = f"{refused.code} {refused.reason}" if refused is not None else "no server accepts the login"
        raise self.stuck(what, seen)

    async def _system(self, region: str) -> Client | None:
        world = self._stage.world
        access = world.access(region)
        tls = None if isinstance(access, str) else access.tls
        client = await connect(await world.listeners(region), SYSTEM, tls)
        return None if isinstance(client, Refused) else client


async def _updated(client: Client, *, name: str, changes: dict[str, Any]) -> Refused | None:
    """Update a stream's configuration; None on success."""
    info = await client.api(f"STREAM.INFO.{name}")
    if isinstance(info, Refused):
        return info
    answer = await client.api(f"STREAM.UPDATE.{name}", info["config"] | changes)
    return answer if isinstance(answer, Refused) else None


async def _deleted(client: Client, *, name: str) -> Refused | None:
    """Delete a stream; None if it is not there any more."""
    answer = await client.api(f"STREAM.DELETE.{name}")
    return answer if isinstance(answer, Refused) and answer.code != _NO_STREAM else None


def _plain(streams: tuple[str, ...]) -> list[str]:
    """The names of streams that are given with their accounts."""
    return [item.rpartition("/")[2] for item in streams]


def name_of(step: Step) -> str:
    """A step in a report."""
    return f"step {step.id}: {step.title}"
