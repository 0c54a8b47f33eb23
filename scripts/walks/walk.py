"""One walk: the commands of its start and its moves, each asked about, and mostly run on real servers if accepted."""

from __future__ import annotations

import asyncio
import os
import random
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from natsvalues.errors import NatsvaluesError
from natsvalues.outside import loopback, processes
from natsvalues.rehearsal.causes import why_stuck
from natsvalues.rehearsal.reading import read_rendering
from walks.cluster import Clusters
from walks.git import PLACES
from walks.known import KNOWN
from walks.moves import STARTS, Beginning, Seen, beginning, choose, start
from walks.streams import Streams
from walks.verdicts import Rendered, Said, ask_diff, ask_post_render

if TYPE_CHECKING:
    from rehearsal_cases import Renderer

    from walks.git import Git
    from walks.streams import Fate

STEP_SECONDS = 25.0
WAITED_SECONDS = 12.0
"""After a step that left something lacking: people wait for the same thing once, not each time."""
END_SECONDS = 60.0
FATE_SECONDS = 30.0
_MOVES = (3, 7)
_POWER = 0.3
"""How often a walk ends with a power failure of all regions: what only runs on must also start."""
_FORCED = 0.12
"""How often a step is taken although a loss was announced."""


class Step(NamedTuple):
    """A command, what natsvalues said of it, and what was lacking after it.

    `word` is `done`; `refused` by post-render; `not done`, because of a loss; `committed`, to Git; or `not runnable`.
    """

    command: str
    said: Said
    word: str
    lacking: tuple[str, ...] = ()

    def record(self) -> dict[str, Any]:
        """The step as JSON, without what is empty."""
        shown = self.said._replace(release="")._asdict()
        fields = {"command": self.command, "word": self.word, "lacking": self.lacking, **shown}
        return {name: value for name, value in fields.items() if value}


class Plan(NamedTuple):
    """What a walk does: random moves from a starting point, or the given commands."""

    name: str
    seed: int
    start: str
    begins: Beginning
    commands: tuple[str, ...] = ()


def plan_of(seed: int) -> Plan:
    """The walk of a seed; those up to 0 are known walks."""
    if seed <= 0:
        known = KNOWN[-seed]
        return Plan(known.about, seed, known.start, known.begins, known.commands)
    return Plan(f"seed {seed}", seed, STARTS[seed % len(STARTS)], beginning(random.Random(seed)))  # noqa: S311


async def walk(plan: Plan, renderer: Renderer) -> dict[str, Any]:
    """Run a walk and return its record. Every process is ended, and every file removed."""
    begun = time.monotonic()
    claim = loopback.Claim()
    try:
        with processes.scratch(None) as folder:
            clusters = Clusters(folder, claim.net)
            try:
                record = await _Walk(plan, renderer, clusters, folder).run()
            finally:
                await clusters.close()
    finally:
        claim.close()
    return record | {"seconds": round(time.monotonic() - begun)}


class _Walk:
    """A walk while it runs."""

    def __init__(self, plan: Plan, renderer: Renderer, clusters: Clusters, folder: str) -> None:
        self.plan = plan
        self.dice = random.Random(plan.seed)  # noqa: S311   # no secret
        self.clusters = clusters
        self.streams = Streams(clusters)
        self.revisions: dict[str, list[str]] = {}
        self.steps: list[Step] = []
        self.may_lose: set[str] = set()
        self.may_stop: set[str] = set()
        self.git: Git
        self._renderer = renderer
        self._folder = folder

    async def run(self) -> dict[str, Any]:
        """All commands, and the record of what became of the streams."""
        self.git, commands = start(self.plan.start, self.plan.begins)
        await self._move(commands)
        if self.plan.commands:
            await self._move(list(self.plan.commands))
        else:
            for _ in range(self.dice.randint(*_MOVES)):
                seen = Seen(self.git, {place: len(texts) for place, texts in self.revisions.items()})
                await self._move(choose(self.dice, seen))
                if not self.revisions:
                    break
            if self.dice.random() < _POWER:
                await self._move(["- kill"])
        whole = await self.clusters.settled(END_SECONDS)
        await self.streams.stop()
        lacking = () if whole else self.clusters.lacking() or ("no steady state of any region",)
        fates = await self.streams.check(FATE_SECONDS if whole else 1.0)
        causes = [] if whole else [str(cause) for cause in why_stuck(self.clusters.world.now()).causes]
        plan = self.plan
        return {
            "name": plan.name, "seed": plan.seed, "start": plan.start, "version": plan.begins.version,
            "result": self._result(fates, lacking), "steps": [step.record() for step in self.steps],
            "fates": [fate._asdict() for fate in fates], "lacking": lacking, "causes": causes,
        }  # fmt: skip

    def _result(self, fates: tuple[Fate, ...], lacking: tuple[str, ...]) -> str:
        """The walk's result: what is gone or stops, in regions of which nothing was said, is a bug."""
        counted = not lacking or self._has_leader()
        lost = {fate.home for fate in fates if fate.word in ("gone", "lost") and counted}
        stopped = [{fate.home} for fate in fates if fate.word == "unreachable"]
        stopped += [{place for place in PLACES if place in lack} or set(self.revisions) for lack in lacking]
        if lost - self.may_lose:
            return "LOST"
        if any(not places & (self.may_stop | self.may_lose) for places in stopped):
            return "STUCK"
        if lost or stopped:
            return "announced, lost" if lost else "announced, stopped"
        return "announced, kept" if self.may_lose else "kept"

    def _dares(self) -> bool:
        """Whether a step is taken although a loss was announced; never in a walk of given commands."""
        return not self.plan.commands and self.dice.random() < _FORCED

    def _has_leader(self) -> bool:
        """Whether what the API says of streams counts, although not everything is whole."""
        return any(pod.view.leader for pods in self.clusters.world.pods.values() for pod in pods if pod.runs)

    # --- moves --------------------------------------------------------------------------------------------

    async def _move(self, commands: list[str]) -> None:
        """Run the commands of one move; after one that is not done the rest is left, and Git is reverted."""
        before = self.git
        for command in commands:
            place, verb, *words = command.split()
            if verb == "edit":
                self.git = self.git.edited(place, dict(word.split("=", 1) for word in words))
                self.steps.append(Step(command, Said(""), "committed"))
            elif verb == "drop":
                self.git = self.git.without(place)
                self.steps.append(Step(command, Said(""), "committed"))
            elif not await self._run(command, place, verb, words):
                self.git = before
                return

    async def _run(self, command: str, place: str, verb: str, words: list[str]) -> bool:
        """Ask about a command, and run it or not; whether it was done."""
        if place != "-" and place not in self.git.regions:
            return True
        if verb in ("restart", "kill"):
            said = Said("")
        else:
            said = await asyncio.to_thread(self._ask, place, verb, words)
            if not said.release:
                self.steps.append(Step(command, said, "refused"))
                return False
            forced = said.may_be_forced and (words[-1:] == ["allow"] or self._dares())
            if (said.is_refused or said.announces_loss or "refused" in " ".join(said.impacts)) and not forced:
                self.steps.append(Step(command, said, "not done"))
                return False
        together = self.clusters.together(place)
        try:
            await self._do(place, verb, said.release)
        except NatsvaluesError as error:  # servers that cannot be run here at all
            self.steps.append(Step(command, said._replace(messages=(*said.messages, str(error))), "not runnable"))
            return False
        self._note(said, together | self.clusters.together(place))
        waited = next((bool(step.lacking) for step in reversed(self.steps) if step.word == "done"), False)
        whole = await self.clusters.settled(WAITED_SECONDS if waited else STEP_SECONDS)
        self.steps.append(Step(command, said, "done", () if whole else self.clusters.lacking()))
        for region in self.revisions:
            homes = [home for home in self.streams.home.values() if home == region]
            if len(homes) < 2 and self.clusters.is_healthy(region):
                await self.streams.make(region)
        return True

    def _note(self, said: Said, places: set[str]) -> None:
        """Note what was announced, for all regions that share a meta group with the one that changed."""
        self.may_lose |= places if said.announces_loss else set()
        self.may_stop |= places if said.announces_stop else set()

    def _ask(self, place: str, verb: str, words: list[str]) -> Said:
        """What natsvalues says of a command, and the release that it leads to."""
        overlays = os.path.join(self._folder, f"overlays-{len(self.steps)}")
        self.git.write_overlays(overlays)
        known = self.revisions.get(place, [])
        if verb == "uninstall":
            return Said("uninstalled", impacts=ask_diff(known[-1], "", place, overlays) if known else ())
        if verb == "rollback":
            old = known[int(words[0]) - 1]
            return Said(old, impacts=ask_diff(known[-1], old, place, overlays))
        rendered = self.git.rendered(place, self._renderer)
        if verb == "plain":
            return Said(rendered, impacts=ask_diff(known[-1], rendered, place, overlays) if known else ())
        return ask_post_render(Rendered(rendered, words[0] if verb == "as" else place, overlays), known)

    async def _do(self, place: str, verb: str, release: str) -> None:
        if verb == "kill":
            await self.clusters.kill(*(self.revisions if place == "-" else (place,)))
        elif verb == "restart":
            await self.clusters.restart(place)
        elif verb == "uninstall":
            self.streams.forget(place)
            self.revisions.pop(place, None)
            await self.clusters.delete(place)
        else:
            await self.clusters.apply(place, read_rendering(release, place))
            self.revisions.setdefault(place, []).append(release)
