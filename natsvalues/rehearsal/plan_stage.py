"""The stage on which a plan is walked: each region's revisions as Helm keeps them, and upgrades as kubelets see them.

Pods below a partition stay as they were, and init containers run before the server.
"""

from __future__ import annotations

import asyncio
import os
import posixpath
from functools import cached_property
from typing import TYPE_CHECKING, Any

from natsvalues.manifests.chart import find_nats
from natsvalues.manifests.release import Release
from natsvalues.manifests.settings import DEFAULT_ACCOUNT, system_account
from natsvalues.manifests.stamps import acceptance
from natsvalues.outside.commands import run
from natsvalues.outside.jetstream import Login
from natsvalues.outside.loopback import accepts, get
from natsvalues.overlays.folder import moved
from natsvalues.overlays.losses_since import losses_since
from natsvalues.overlays.pipeline import render
from natsvalues.overlays.plan import plans
from natsvalues.overlays.transforms.moving import CONTAINER
from natsvalues.records import NamedTuple
from natsvalues.rehearsal.loopback_stage import LoopbackStage
from natsvalues.rehearsal.plan_ledger import PlanLedger
from natsvalues.rehearsal.plan_seen import ASKED, region_seen, server_seen
from natsvalues.rehearsal.reading import read_rendering
from natsvalues.runbook.checking import Seen, backups_in
from natsvalues.runbook.place import Place, place_of, plan_of, state_of, with_empty_stores
from natsvalues.runbook.planning import runbook
from natsvalues.supercluster.kept import Kept, Revision, Revisions
from natsvalues.text.natsconf import ConfOp, edit
from natsvalues.text.paths import Op

if TYPE_CHECKING:
    from collections.abc import Callable

    from natsvalues.overlays.folder import Overlays
    from natsvalues.rehearsal.pod import Pod
    from natsvalues.rehearsal.rendering import Rendering
    from natsvalues.rehearsal.stage import Aims, Step
    from natsvalues.rehearsal.world import World
    from natsvalues.runbook.step import Moves, Runbook
    from natsvalues.supercluster.region_state import RegionState

    Text = Callable[[str, int | None], tuple[str, str]]

SYSTEM = Login("natsvalues-rehearsal", "natsvalues-rehearsal")
"""The login for the system account where nats.conf has none: a peer is removed with it."""
_INIT_SECONDS = 20.0


class Planned(NamedTuple):
    """Where a plan leads; `text` gives a region's plain rendering, with a number of servers, and its file.

    `prior` are the releases of the regions that are installed at the beginning, by region.
    """

    overlays: Overlays
    text: Text
    prior: dict[str, Release]
    lost: str = ""
    """A region that loses all its volumes before the first step, of which there are backups."""
    is_release_lost: bool = False


class NotAllowed(Exception):
    """The upgrade is refused, as `natsvalues` refuses it: the text says why."""


class PlanStage(LoopbackStage):
    """One walk. `moves` is what the overlays' files have as `move`; `done` are the steps so far."""

    ledger: PlanLedger

    def __init__(self, world: World, steps: tuple[Step, ...], aims: Aims, planned: Planned, folder: str) -> None:
        super().__init__(world, steps, aims)
        self.planned = planned
        self.moves: Moves = {name: file.region.move for name, file in planned.overlays.regions.items()}
        self.revisions: dict[str, list[Release]] = {name: [release] for name, release in planned.prior.items()}
        self.backups = os.path.join(os.path.abspath(folder), "backups")
        self.running: dict[str, int] = {}
        self.lost = ""
        self.emptied_by_hand: set[str] = set()
        """How many servers `kubectl scale` left of a region."""
        self._templates: dict[Pod, str] = {}
        first = self.planned_from({name: self.place(name) for name in self.revisions})
        acts = {act.kind for step in first.steps for act in step.acts}
        self._removes_peers = "remove-peer" in acts
        renames = any(step.way == "rename-account" for step in first.steps)
        self.ledger = PlanLedger(world, in_memory=not renames and not planned.lost and "backup" not in acts)

    @property
    def gap(self) -> float:
        """The most seconds in which a stream acknowledged nothing, except where a step says to stop publishing."""
        return round(self.ledger.gap, 1)

    # --- what is ---------------------------------------------------------------------------------------------

    def overlays_now(self) -> Overlays:
        """The overlays with the moves that are written in them now."""
        files = self.planned.overlays.regions
        return self.planned.overlays._replace(
            regions={name: file._replace(region=moved(file.goal, self.moves.get(name))) for name, file in files.items()}
        )

    def kept(self, region: str) -> Kept:
        """The revisions before the one that is installed, as Helm keeps them."""
        numbered = list(enumerate(self.revisions[region], 1))[:-1]
        return Kept(
            Revisions(),
            Revisions(lambda: (Revision(number, "superseded", release) for number, release in reversed(numbered))),
        )

    def place(self, region: str) -> Place:
        """Where a region is by its revisions."""
        plan = plan_of(region, plans(self.overlays_now()))
        place = place_of(self.revisions[region][-1], self.kept(region), plan, f"the rehearsal's {region}")
        return with_empty_stores(place) if region in self.emptied_by_hand else place

    async def look(self, region: str) -> Seen:
        """What a region's servers say now; nothing of one that is not installed."""
        if region not in self.revisions:
            return Seen()
        rendering, place = self.world.renderings[region], self.place(region)
        port, scheme = rendering.monitor or (8222, "HTTP")
        pods = self.world.pods[region][: rendering.replicas]
        answers = await asyncio.gather(
            *(asyncio.gather(*(get(pod.address, port, path, scheme=scheme) for path in ASKED)) for pod in pods)
        )
        listeners = [item.forwarder.listen for item in self.world.balancers.get(region, ())]
        reached = await asyncio.gather(*(accepts(item.address, item.port) for item in listeners))
        seen = (server_seen(pod.name, item) for pod, item in zip(pods, answers, strict=True))
        return region_seen(region, seen, place.cluster, reached=any(reached) if reached else None)

    async def plan(self) -> Runbook:
        """The plan from what is installed now, what the servers say, the backups, and the overlays' moves."""
        places = {}
        for name in self.revisions:
            stores, running = (await self.look(name)).stores, self.running.get(name)
            places[name] = self.place(name)._replace(stores=stores, running=running)
        return self.planned_from(places)

    def planned_from(self, places: dict[str, Place]) -> Runbook:
        """The plan from these places, the backups, and the overlays' moves."""
        if self.lost:
            places[self.lost] = places.get(self.lost, Place(self.lost, ""))._replace(is_lost=True)
        backups = {name: backups_in(self.folder(name)) for name in (*self.planned.overlays.regions, *self.revisions)}
        return runbook(self.overlays_now(), places, backups, self._rendered, needs_proof=False)

    @cached_property
    def _rendered(self) -> dict[str, RegionState]:
        """The regions as the chart renders them with the new values."""
        wanted = plans(self.planned.overlays)
        return {name: state_of(Release(*self.planned.text(name, None)), plan) for name, plan in wanted.items()}

    def folder(self, region: str) -> str:
        """Where a region's backups are."""
        return os.path.join(self.backups, region)

    # --- renderings ------------------------------------------------------------------------------------------

    def post_rendered(self, region: str, servers: int | None) -> Release:
        """The region's release with the overlays as they are now. Raises NotAllowed, and NatsvaluesError."""
        plan = plans(self.overlays_now())[region]
        text, file = self.planned.text(region, servers)
        result = render(Release(text, file), plan)
        if region in self.revisions:
            before = self.revisions[region]
            lost = losses_since(before[-1], self.kept(region), result)
            allowed = plan.region.move.allow if plan.region.move is not None else ()
            refused = [loss.message for loss in lost if loss.manual.allow not in allowed]
            if refused:
                raise NotAllowed("; ".join(refused))
            if lost:
                stamp = acceptance(len(before), {loss.manual.allow for loss in lost})
                result = render(Release(text, file), plan._replace(accepted=stamp))
        return result.release

    def runnable(self, region: str, release: Release) -> Rendering:
        """A release as it is run: with a login for the system account, if the plan removes peers."""
        files = self.planned.overlays.regions
        selector = files[region].region.nats if region in files else None
        rendering = read_rendering(release.text(), f"{region}.yaml", selector)
        return with_system_login(rendering) if self._removes_peers else rendering

    # --- changing --------------------------------------------------------------------------------------------

    async def begin(self) -> None:
        """Start what is installed, with streams of all kinds and publishers. Raises Stuck."""
        if self.revisions:
            installed = {name: self.runnable(name, releases[-1]) for name, releases in self.revisions.items()}
            await self.warm_up(self.steps[0]._replace(renderings=installed))
            self._started(*installed)
            self.ledger.publish_to()

    async def upgrade(self, region: str, release: Release) -> None:
        """Install a release, or upgrade to it, as Helm and the StatefulSet's controller do. Raises Stuck."""
        is_new = region not in self.revisions
        self.revisions.setdefault(region, []).append(release)
        await self.apply(region, self.runnable(region, release), is_new=is_new)

    async def apply(self, region: str, rendering: Rendering, *, is_new: bool = False) -> None:
        """Let a region run this; pods below the partition keep what they have. Raises Stuck."""
        before = None if is_new else self.world.renderings[region]
        held = [] if before is None else self.world.pods[region][: partition_of(rendering)]
        charges = [(pod, pod.charge) for pod in held]
        await self.world.take({region: rendering})
        for pod, charge in charges:
            if charge is not None:
                pod.prepare(charge)
        await self.world.open_balancers(region)
        if before is None:
            self._initialize(*self.world.pods[region])
            await self.world.start(region)
            self._started(region)
        elif any(self._is_old(pod, rendering) for pod in self.world.pods[region][: rendering.replicas]):
            await self.roll(region)
        elif before.files != rendering.files:
            for pod in self.world.pods[region]:
                pod.reload()

    async def roll(self, region: str) -> None:
        """Replace the pods that have an older template, from the last to the partition. Raises Stuck."""
        rendering = self.world.renderings[region]
        pods = self.world.pods[region][: rendering.replicas]
        old = [pod for pod in pods[partition_of(rendering) :] if self._is_old(pod, rendering)]
        at_once = [pod for pod in old if rendering.parallel and not pod.ready]
        await asyncio.gather(*(pod.stop() for pod in at_once))
        self._initialize(*at_once)
        for pod in at_once:
            pod.start()
            self._templates[pod] = rendering.template
        for pod in at_once:
            await self._until_ready(pod)
        for pod in (pod for pod in reversed(old) if pod not in at_once):
            await pod.stop()
            self._initialize(pod)
            pod.start()
            self._templates[pod] = rendering.template
            await self._until_ready(pod)

    def _is_old(self, pod: Pod, rendering: Rendering) -> bool:
        return not pod.runs or self._templates.get(pod) != rendering.template

    def _started(self, *regions: str) -> None:
        for region in regions:
            rendering = self.world.renderings[region]
            for pod in self.world.pods[region][: rendering.replicas]:
                self._templates[pod] = rendering.template

    async def scale(self, region: str, servers: int) -> None:
        """`kubectl scale`: the release stays as it is."""
        self.running[region] = servers
        if not servers:
            await self.world.stop(region)
            return
        await self.apply(region, self.runnable(region, with_servers(self.revisions[region][-1], servers)))

    async def wipe(self, region: str) -> None:
        """Stop a region, delete its claims, and start it again."""
        await self._empty(region)
        self.emptied_by_hand.add(region)
        self._initialize(*self.world.pods[region][: self.world.renderings[region].replicas])
        await self.world.start(region)
        self._started(region)

    async def lose_volumes(self, region: str) -> None:
        """Kill a region's servers; their volumes are gone, and with `is_release_lost` everything that is installed."""
        await self._empty(region, graceful=False)
        self.lost = region
        if self.planned.is_release_lost:
            await self.world.remove(region)
            del self.revisions[region]

    async def uninstall(self, region: str) -> None:
        """End a region and delete its claims; of its streams the backups are left."""
        kept = backups_in(self.folder(region))
        self.ledger.leave(region, {name: backup.messages for name, backup in kept.items()})
        await self.ledger.stop_publishing(region)
        await self.world.remove(region)
        self._forget(region)
        del self.revisions[region]

    async def _empty(self, region: str, *, graceful: bool = True) -> None:
        await self.world.stop(region, graceful=graceful)
        self._forget(region)
        for pod in self.world.pods[region]:
            if pod.charge is not None:
                pod.charge.moved.empty_store()

    def _forget(self, region: str) -> None:
        """A region with empty stores has elected nobody yet."""
        alone = {name: leader for name, leader in self.elections.alone.items() if name != region}
        self.elections = self.elections._replace(alone=alone)

    def _initialize(self, *pods: Pod) -> None:
        """Run the init container that renames an account's folder, as the kubelet does for a new pod."""
        for pod in pods:
            if pod.charge is None:
                continue
            spec: dict[str, Any] = pod.charge.rendering.state.spec["template"]["spec"]
            for container in spec.get("initContainers") or ():
                if container.get("name") == CONTAINER:
                    values = {item["name"]: str(item["value"]).replace("$$(", "$(") for item in container["env"]}
                    store = os.path.join(pod.charge.moved.store, "jetstream")
                    done = run(
                        list(container["command"]),
                        seconds=_INIT_SECONDS,
                        env={**os.environ, **values, "STORE": store},
                        folder=pod.folder,
                    )
                    self.world.tell("pod", pod.name, f"init container {CONTAINER}: exit code {done.code}")


def with_servers(release: Release, servers: int) -> Release:
    """The release with another number of replicas in its StatefulSet, and nothing else."""
    statefulset = find_nats(release, None, None).statefulset
    return release.with_changed(statefulset.edited((Op("add", ("spec", "replicas"), servers),)))


def partition_of(rendering: Rendering) -> int:
    """The ordinal below which an upgrade leaves pods as they are."""
    strategy = rendering.state.spec.get("updateStrategy") or {}
    return int((strategy.get("rollingUpdate") or {}).get("partition") or 0)


def with_system_login(rendering: Rendering) -> Rendering:
    """The same with a user of the system account; anonymous clients stay in their account (2.12.8 to 2.15.1)."""
    conf, main = rendering.conf, posixpath.basename(rendering.config_file)
    account = system_account(conf) or DEFAULT_ACCOUNT
    user = {"user": SYSTEM.user, "password": SYSTEM.password}
    accounts = conf.get("accounts")
    known = accounts.get(account) if isinstance(accounts, dict) else None
    ops = []
    if isinstance(known, dict):
        users = [*(known.get("users") or ()), user]
        ops.append(ConfOp("add", ("accounts", account, "users"), users))
    elif isinstance(accounts, dict):
        ops.append(ConfOp("add", ("accounts", account), {"users": [user]}))
    else:
        ops.append(ConfOp("add", ("accounts",), {account: {"users": [user]}}))
    if "system_account" not in conf and "system" not in conf:
        ops.append(ConfOp("add", ("system_account",), account))
    text = edit(rendering.files[main], ops)
    note = f"for the rehearsal, the user {SYSTEM.user} was added to the system account, to remove peers with"
    return rendering._replace(files=rendering.files | {main: text}, notes=(*rendering.notes, note))
