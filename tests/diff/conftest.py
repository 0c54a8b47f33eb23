"""A release as our chart and natsvalues make it, and pairs of it with something changed."""

from __future__ import annotations

import copy
import os
from typing import NamedTuple

import pytest
import yaml

from natsvalues.diff.changes import About
from natsvalues.diff.impact import judge
from natsvalues.diff.releases import Comparison
from natsvalues.diff.sides import Side
from natsvalues.manifests.release import Release
from natsvalues.supercluster.region_state import Decision
from natsvalues.text.natsconf import ConfOp, edit
from natsvalues.text.paths import dotted

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VALUES = "config.cluster.enabled=true,config.jetstream.enabled=true,config.gateway.enabled=true"


@pytest.fixture(scope="session")
def renderings(binaries, nats_chart, tmp_path_factory):
    """The text of our chart's rendering, alone and post-rendered for us-east: `renderings["ours"]`."""
    import subprocess
    import sys

    home = tmp_path_factory.mktemp("home")
    env = {"PATH": os.path.dirname(sys.executable), "HOME": str(home), "XDG_STATE_HOME": str(home)}
    helm = [binaries.fetch("helm3"), "template", "nats", nats_chart, "-n", "nats", "--set", VALUES]
    plain = subprocess.run(helm, env=env, capture_output=True, text=True, check=True, timeout=60).stdout
    command = ["natsvalues", "post-render", "--region=us-east", f"--overlays={ROOT}/charts/overlays"]
    ours = subprocess.run(command, env=env, input=plain, capture_output=True, text=True, check=True, timeout=60)
    return {"plain": plain, "ours": ours.stdout}


class Objects:
    """The objects of a release, to be changed: `objects["Service", "nats"]["spec"]["type"] = "NodePort"`."""

    def __init__(self, text):
        self.values = {(item["kind"], item["metadata"]["name"]): item for item in yaml.safe_load_all(text) if item}

    def __getitem__(self, key):
        return self.values[key]

    def __setitem__(self, key, value):
        self.values[key] = value

    def copy(self):
        """The same objects, free to be changed."""
        other = copy.copy(self)
        other.values = copy.deepcopy(self.values)
        return other

    def conf(self, *ops):
        """Change nats.conf: `objects.conf(("replace", "max_payload", 2))`, paths dotted."""
        data = self["ConfigMap", "nats-config"]["data"]
        edits = [ConfOp(op, tuple(path.split(".")), value) for op, path, value in ops]
        data["nats.conf"] = edit(data["nats.conf"], edits)

    @property
    def container(self):
        """The server's container."""
        return self["StatefulSet", "nats"]["spec"]["template"]["spec"]["containers"][0]

    def restart(self):
        """Change something in the pod template, so that the pods roll."""
        metadata = self["StatefulSet", "nats"]["spec"]["template"]["metadata"]
        metadata["annotations"] = {**(metadata.get("annotations") or {}), "rolled": "yes"}

    def text(self):
        """The objects as a stream."""
        return yaml.safe_dump_all(self.values.values())


@pytest.fixture
def objects(renderings):
    """The objects of the post-rendered release."""
    return Objects(renderings["ours"])


@pytest.fixture
def plain(renderings):
    """The objects of the chart's own rendering."""
    return Objects(renderings["plain"])


class Judged(NamedTuple):
    """What a diff says: levels by `Kind/name path`, the notes, and the whole."""

    levels: dict
    notes: tuple
    diff: object

    def impact(self, place):
        """The impact at a place."""
        for item in self.diff.objects:
            for change in item.changes:
                if _place(item, change) == place:
                    return change.impact
            if f"{item.key.kind}/{item.key.name}" == place:
                return item.impact
        raise KeyError(place, list(self.levels))


def _place(item, change):
    return f"{item.key.kind}/{item.key.name} {change.file + ':' if change.file else ''}{dotted(change.path)}"


@pytest.fixture
def tell():
    """Compare two sets of objects: `tell(old, new, scope="supercluster", joins="seed").levels`."""

    def compare(old, new, scope="", joins=""):
        sides = [Side(About(name), Release(item.text(), name)) for name, item in (("old", old), ("new", new))]
        comparison = Comparison(*sides)
        judged, notes = judge(comparison, Decision(scope, joins))
        diff = comparison.diff(judged, notes)
        levels = {}
        for item in diff.objects:
            if item.op != "change":
                levels[f"{item.key.kind}/{item.key.name}"] = item.impact.level
            levels |= {_place(item, change): change.impact.level for change in item.changes}
        return Judged(levels, diff.notes, diff)

    return compare
