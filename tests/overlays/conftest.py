"""Shared by the tests of overlays: every stored rendering, post-rendered for every region, stage and scope."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from natsvalues.manifests.accounts import has_users
from natsvalues.manifests.chart import all_nats
from natsvalues.manifests.release import Release
from natsvalues.manifests.settings import configured_names, other_prefix
from natsvalues.overlays.folder import Overlays, load
from natsvalues.overlays.model import ServerNames
from natsvalues.overlays.pipeline import Result, render
from natsvalues.overlays.plan import plan
from natsvalues.text.natsconf import read, symbolic

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

SHIPPED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "charts", "overlays")
STAGES = ("local", "expose", "join")
SCOPES = ("supercluster", "region")


class Outcome(NamedTuple):
    """One post-rendering: what went in, for whom, and what came out."""

    rendering: str
    region: str
    stage: str
    scope: str
    before: Release
    overlays: Overlays
    result: Result

    def __str__(self) -> str:
        return f"{self.rendering} for {self.region}, stage {self.stage}, scope {self.scope}"

    def again(self) -> Result:
        """Post-render what came out once more, with the same overlays."""
        return render(Release(self.result.release.text()), plan(self.overlays, self.region))


def staged(
    overlays: Overlays,
    region: str,
    stage: str,
    scope: str,
    nats: str | None,
    held: str,
    *,
    keeps: bool,
    prefix: str = "",
) -> Overlays:
    """Put one region of the overlays into a stage, and all of them into a scope.

    In scope `region` the first region keeps the system account it has (`held`), the others take their own. Where that
    account has users (`keeps`), the region itself keeps it, since leaving it is refused; so is another prefix of the
    server names than that of the rendering, `prefix`.
    """
    jetstream = overlays.supercluster.jetstream._replace(scope=scope)
    regions = {}
    for name, file in overlays.regions.items():
        fields: dict[str, Any] = {"nats": file.region.nats._replace(name=nats)}
        if name == region:
            fields["stage"] = stage
            if prefix:
                fields["server_names"] = ServerNames(prefix)
        elif prefix and file.region.server_names == ServerNames(prefix):
            fields["server_names"] = ServerNames(f"{name}-another-")
        if scope == "region":
            stays = name == region if keeps else file.region.joins == "seed"
            fields["system_account"] = held if stays else f"SYS-{name}"
            fields["joins"] = None
        regions[name] = file._replace(region=file.region._replace(**fields))
    return overlays._replace(supercluster=overlays.supercluster._replace(jetstream=jetstream), regions=regions)


def outcomes_of(rendered: str, rendering: str) -> Iterator[Outcome]:
    """Every post-rendering of one stored file; a file with several NATS gives those of each."""
    with open(os.path.join(rendered, rendering), encoding="utf-8", newline="") as file:
        text = file.read()
    shipped = load(SHIPPED)
    for nats in all_nats(Release(text)):
        conf = symbolic(read(nats.conf))
        held = conf.get("system_account", "$SYS")
        keeps, prefix = has_users(conf, held), other_prefix(configured_names(nats, conf), "")
        for scope in SCOPES:
            for region in shipped.regions:
                for stage in STAGES:
                    before = Release(text)
                    overlays = staged(shipped, region, stage, scope, nats.name, held, keeps=keeps, prefix=prefix)
                    result = render(before, plan(overlays, region))
                    yield Outcome(f"{rendering}:{nats.name}", region, stage, scope, before, overlays, result)


@pytest.fixture(scope="session")
def server_trial(load_module) -> ModuleType:
    """Return the module that tries a configuration on a real server (test folders are no packages)."""
    return load_module(os.path.join(os.path.dirname(os.path.abspath(__file__)), "server_trial.py"))


@pytest.fixture(scope="session")
def outcomes(rendered) -> list[Outcome]:
    """Every stored rendering, post-rendered for the shipped regions in every stage and both scopes."""
    found = []
    for folder in sorted(os.listdir(rendered)):
        if folder == "values" or not os.path.isdir(os.path.join(rendered, folder)):
            continue
        for name in sorted(os.listdir(os.path.join(rendered, folder))):
            found += outcomes_of(rendered, f"{folder}/{name}")
    assert found
    return found


@pytest.fixture
def world(load_module, example_regions, stand_in, server_trial, nats_server, tmp_path):
    """Render region us-east or eu-west of the example supercluster, and try it on real servers."""
    module = load_module(os.path.join(os.path.dirname(os.path.abspath(__file__)), "example_world.py"))
    return module.World(example_regions, stand_in, server_trial, nats_server, str(tmp_path))
