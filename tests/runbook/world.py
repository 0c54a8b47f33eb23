"""A supercluster in memory that does what a plan's steps do: real renderings, real overlay files, made-up streams."""

from __future__ import annotations

import json
import os

from natsvalues.cli.plan_edits import write_moves
from natsvalues.manifests.release import Release
from natsvalues.overlays.folder import load
from natsvalues.overlays.pipeline import render
from natsvalues.overlays.plan import plan, plans
from natsvalues.runbook.checking import backups_in
from natsvalues.runbook.place import Place, place_of, state_of, with_empty_stores
from natsvalues.runbook.planning import runbook
from natsvalues.runbook.stores import Stored, Stores
from natsvalues.supercluster.kept import Kept, Revision, Revisions

JETSTREAM = ("config.jetstream.enabled=true", "container.image.tag=2.14.2-alpine")
CLUSTER = (*JETSTREAM, "config.cluster.enabled=true")
SUPERCLUSTER = "kind: Supercluster\nname: demo\njetstream: {scope: SCOPE}\n"
REGION = """\
# kept as it is
kind: Region
name: {name}
stage: {stage}
servers: {servers}
gateway: {{host: gw.{name}.example}}
loadBalancer: {{provider: generic}}
{more}
"""


def replicas_in(folder, name):
    """The replicas of a stream in a backup."""
    with open(os.path.join(folder, name, "backup.json"), encoding="utf-8") as file:
        return json.load(file)["config"]["num_replicas"]


class World:
    """Regions, their releases with all revisions, and their streams."""

    def __init__(self, folder, template):
        self.folder, self.template = str(folder), template
        self.overlays = os.path.join(self.folder, "overlays")
        self.backups = os.path.join(self.folder, "backups")
        os.makedirs(self.overlays)
        self.revisions: dict[str, list[str]] = {}
        self.stores: dict[str, tuple[Stored, ...]] = {}
        self.running: dict[str, int] = {}
        self.settings: dict[str, tuple[str, ...]] = {}
        self.emptied: set[str] = set()
        self.offline: tuple[str, ...] = ()
        self.leader = ""
        self.lost: dict[str, bool] = {}
        """Regions whose volumes are gone, and whether their servers run again."""

    def wants(self, scope, **regions):
        """Write the overlays: for each region its stage, and other lines."""
        self.write("supercluster", SUPERCLUSTER.replace("SCOPE", scope))
        for name, (stage, servers, more) in regions.items():
            self.write(name, REGION.format(name=name, stage=stage, servers=servers, more=more))
            self.settings[name] = (*CLUSTER, f"config.cluster.replicas={servers}")

    def write(self, name, text):
        """Write one overlay file."""
        with open(os.path.join(self.overlays, f"{name}.yaml"), "w", encoding="utf-8") as file:
            file.write(text)

    def text(self, name):
        """One overlay file."""
        with open(os.path.join(self.overlays, f"{name}.yaml"), encoding="utf-8") as file:
            return file.read()

    def installed(self, name, *settings, overlay=None, streams=()):
        """A region that is there: the chart's rendering, or post-rendered with an overlay as it was."""
        text = self.template(*(settings or CLUSTER))
        if overlay is not None:
            folder = os.path.join(self.folder, f"before-{name}")
            os.makedirs(folder)
            for file, content in overlay.items():
                with open(os.path.join(folder, f"{file}.yaml"), "w", encoding="utf-8") as stream:
                    stream.write(content)
            text = render(Release(text, "now"), plan(load(folder), name)).release.text()
        self.revisions[name] = [text]
        self.stores[name] = tuple(streams)

    def places(self):
        """Where the regions are."""
        wanted = plans(load(self.overlays))
        places = {}
        for name, texts in self.revisions.items():
            any_plan = wanted.get(name) or next(iter(wanted.values()))
            region = any_plan.region if name in wanted else any_plan.region._replace(name=name)
            earlier = [Revision(n + 1, "superseded", Release(text, "now")) for n, text in enumerate(texts[:-1])]
            kept = Kept(Revisions(), Revisions(lambda earlier=earlier: iter(reversed(earlier))))
            place = place_of(Release(texts[-1], "now"), kept, any_plan._replace(region=region), "here")
            runs = place.state is not None and place.state.has_jetstream
            stores = Stores(
                tuple(item._replace(cluster=place.cluster) for item in self.stores.get(name, ())),
                self.leader,
                offline=self.offline,
            )
            places[name] = place._replace(stores=stores if runs or place.stored is None else None,
                                          running=self.running.get(name))  # fmt: skip
        for name, runs in self.lost.items():
            place = places.get(name) or Place(name, "")
            places[name] = place._replace(is_lost=True, stores=place.stores if runs else None)
        return {name: with_empty_stores(place) if name in self.emptied else place for name, place in places.items()}

    def loses(self, name, *, release=False):
        """All volumes of a region are gone, and its release, too."""
        self.lost[name] = False
        if release:
            del self.revisions[name]

    def _runs_again(self, name):
        if name in self.lost:
            self.lost[name] = True
            self.stores[name] = tuple(item._replace(messages=0, last="0", consumers=0) for item in self.stores[name])

    def plan(self):
        """The plan from here."""
        regions = [*load(self.overlays).regions, *self.revisions]
        backups = {name: backups_in(os.path.join(self.backups, name)) for name in regions}
        return runbook(load(self.overlays), self.places(), backups, self.rendered())

    def rendered(self):
        """The regions as the chart renders them now."""
        wanted = plans(load(self.overlays))
        return {
            name: state_of(Release(self.template(*self.settings[name]), "new"), wanted[name])
            for name in self.revisions
            if name in self.settings
        }

    def runs(self, version, *names):
        """The chart's values state this version for these regions; all, if none is named."""
        for name in names or self.settings:
            self.settings[name] = (*self.settings[name], f"container.image.tag={version}-alpine")

    def do(self, step):
        """Do what a step says."""
        write_moves(step)
        for act in step.acts:
            getattr(self, "do_" + act.kind.replace("-", "_"))(act)

    def do_upgrade(self, act):
        """Render the chart as the overlay says, and keep the revision."""
        more = (f"config.cluster.replicas={act.detail[0]}",) if act.detail else ()
        text = self.template(*self.settings[act.region], *more)
        edits = plan(load(self.overlays), act.region)
        if edits.region.move is not None and "join-with-state" in edits.region.move.allow:
            edits = edits._replace(accepted=f"{len(self.revisions[act.region])}: join-with-state")
        self.revisions.setdefault(act.region, []).append(render(Release(text, "new"), edits).release.text())
        if self.lost.get(act.region) is False:
            self._runs_again(act.region)

    def do_uninstall(self, act):
        """Take the release and its streams away."""
        del self.revisions[act.region]
        self.stores.pop(act.region)

    def do_backup(self, act):
        """Write what `nats stream backup` writes."""
        for stream in self.stores[act.region]:
            folder = os.path.join(self.backups, act.region, stream.name)
            os.makedirs(folder, exist_ok=True)
            content = {
                "config": {"name": stream.name, "num_replicas": stream.replicas},
                "state": {"messages": stream.messages, "last_seq": stream.messages, "consumer_count": stream.consumers},
            }
            with open(os.path.join(folder, "backup.json"), "w", encoding="utf-8") as file:
                json.dump(content, file)

    def do_restore(self, act):
        """The streams of the backup are there, with the replicas they had."""
        folder = os.path.join(self.backups, act.region)
        here = tuple(item for item in self.stores[act.region] if act.region in self.lost)
        self.stores[act.region] = here + tuple(
            Stored(
                "$G",
                name,
                replicas_in(folder, name),
                "file",
                "",
                item.messages,
                is_whole=True,
                last=item.last,
                consumers=item.consumers,
            )
            for name, item in backups_in(folder).items()
        )

    def do_delete(self, act):
        """They are gone."""
        names = {item.rpartition("/")[2] for item in act.detail}
        self.stores[act.region] = tuple(item for item in self.stores[act.region] if item.name not in names)

    def do_raise(self, act):
        """Every stream has three replicas."""
        self.stores[act.region] = tuple(item._replace(replicas=3) for item in self.stores[act.region])

    def do_wipe(self, act):
        """The stores are empty."""
        if act.region in self.lost:
            self._runs_again(act.region)
            return
        self.stores[act.region] = ()
        self.emptied.add(act.region)

    def do_scale(self, act):
        """The cluster has other replicas than the release."""
        self.running[act.region] = int(act.detail[0])

    def do_place(self, act):
        """The streams are in the other region."""
        self.stores[act.other] += self.stores[act.region]
        self.stores[act.region] = ()

    def do_remove_peer(self, act):
        """It is no peer any more."""
        self.offline = tuple(peer for peer in self.offline if peer != act.detail[0])

    def do_wait(self, act):
        """Time passes."""
        if "store" in (load(self.overlays).regions[act.region].region.move or ()).allow:
            self.stores[act.region] = ()
