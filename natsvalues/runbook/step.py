"""The data of a plan: acts, checks, steps, and the whole."""

from __future__ import annotations

from typing import Literal

from natsvalues.overlays.model import Move
from natsvalues.records import NamedTuple

ActKind = Literal[
    "upgrade",
    "uninstall",
    "backup",
    "restore",
    "raise",
    "scale",
    "remove-peer",
    "wipe",
    "place",
    "wait",
    "run",
    "kubectl",
    "delete",
]
CheckKind = Literal[
    "healthy",
    "group",
    "connected",
    "reachable",
    "whole",
    "replicated",
    "on-disk",
    "backed-up",
    "restored",
    "named",
    "same-service",
    "version",
    "level",
    "empty",
]
Moves = dict[str, Move | None]


class Act(NamedTuple):
    """Something that is done to a region.

    `detail`: for `backup`, `restore`, `raise`, `place` and `delete` the streams as `ACCOUNT/NAME`, empty for all; for
    `scale`, and for an `upgrade` that leaves some out, the number of servers; for `remove-peer` the server's name;
    for `wait` seconds; for `run` the commands; for `kubectl` its words. `other`: for `place` the region that gets the
    streams, for `remove-peer` the one through which it is done, for `raise` the number of replicas, for `upgrade`
    what the post-renderer is to allow.
    """

    kind: ActKind
    region: str
    detail: tuple[str, ...] = ()
    other: str = ""


class Check(NamedTuple):
    """Something that must hold of a region.

    `detail`: for `group` the number of servers in the meta group; for `connected` the remotes; for `named` a server's
    name; for `same-service` the gateway's Service and the command that shows it; for `backed-up`, `restored` and
    `empty` the streams as `ACCOUNT/NAME`, none for all; for `version` that of the servers; for `level` the highest API
    level that streams may need, and the version that has it.
    """

    kind: CheckKind
    region: str
    detail: tuple[str, ...] = ()


class Edit(NamedTuple):
    """What a region's overlay file has as `move` from this step on; None: no `move`."""

    region: str
    file: str
    move: Move | None


class Step(NamedTuple):
    """One step of a plan, of one region.

    `way` names the kind of move, which has a record of runs. `effect` says what it does to whom, and for how long;
    `back` how it is undone, and `back_until` until when. `edits` are made before the acts; `moves` is what every
    region's overlay has as `move` from then on.
    """

    way: str
    region: str
    title: str
    acts: tuple[Act, ...]
    effect: str
    before: tuple[Check, ...] = ()
    after: tuple[Check, ...] = ()
    back: str = ""
    back_until: str = ""
    id: str = ""
    moves: Moves = {}  # noqa: RUF012   # never changed
    edits: tuple[Edit, ...] = ()
    record: str = ""
    """Where the step was run, if it is no way of the records."""


class Refused(NamedTuple):
    """A move for which there is no way that is known to lose nothing: why, and what to do instead."""

    region: str
    way: str
    reason: str
    remedy: str


class Runbook(NamedTuple):
    """The steps from here to the overlays, in their order; if any move is refused, there are no steps.

    `done` says for each region what is as the overlays want it, `unknown` what could not be looked at, and how to
    change that.
    """

    supercluster: str
    steps: tuple[Step, ...]
    refused: tuple[Refused, ...]
    done: tuple[str, ...]
    unknown: tuple[str, ...]
    delivery: str = ""
    """The delivery that the steps lead to; empty for the overlays."""
