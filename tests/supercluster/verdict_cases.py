"""Every rendering in this repository, to compare the verdicts of all commands on it.

From the examples of lint rules and of impacts, the golden folders, and the stored renderings of the upstream chart.
Used by the tests beside this file and by scripts/compare_verdicts.py, which rehearses them with real servers.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from natsvalues.diff.impact import IMPACTS
from natsvalues.errors import NatsvaluesError
from natsvalues.lint.rules import RULES
from natsvalues.lint.subject import Subject, clusters_of
from natsvalues.manifests.release import Release
from natsvalues.overlays.choice import choose
from natsvalues.overlays.folder import load
from natsvalues.overlays.pipeline import render
from natsvalues.overlays.plan import plan, plans
from natsvalues.supercluster.region_state import Decision

if TYPE_CHECKING:
    from collections.abc import Iterator

GOLDEN = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "golden")


class Group(NamedTuple):
    """Regions that are judged together, as lint reads them."""

    name: str
    subject: Subject


class Step(NamedTuple):
    """A region's old and new release, and what its overlays decide."""

    name: str
    old: Release
    new: Release
    decision: Decision


def of_rules(examples: Any, renderings: Any, folder: str) -> Iterator[Group]:
    """The supercluster of every FAIL and PASS of lint."""
    for rule in RULES:
        for kind, example in (("FAIL", rule.fails), ("PASS", rule.passes)):
            name = f"{rule.id} {kind}"
            yield Group(name, examples.subject(example, renderings, os.path.join(folder, name.replace(" ", "-"))))


def of_impacts(examples: Any, renderings: Any, folder: str) -> Iterator[Step]:
    """The two releases of every FAIL and PASS of diff."""
    for declared in IMPACTS:
        for kind, example in (("FAIL", declared.fails), ("PASS", declared.passes)):
            name = f"{declared.id} {kind}"
            pair = examples.pair(example, renderings, os.path.join(folder, name.replace(" ", "-")))
            yield Step(name, pair.old, pair.new, Decision(pair.scope, pair.joins, unlisted=pair.unlisted))


def of_golden_folders() -> Iterator[Group]:
    """Every golden folder, post-rendered, without those that are refused."""
    for case in sorted(os.listdir(GOLDEN)):
        group = golden_folder(case)
        if group is not None:
            yield group


def golden_folder(case: str) -> Group | None:
    """The region of one golden folder, post-rendered; None if it is refused."""
    folder = os.path.join(GOLDEN, case)
    try:
        with open(os.path.join(folder, "input.yaml"), encoding="utf-8", newline="") as file:
            release = Release(file.read())
        overlays = load(os.path.join(folder, "overlays"))
        region = choose(overlays, release, _region(folder))
        text = render(release, plan(overlays, region)).release.text()
        known = plans(overlays)
        clusters = clusters_of(Release(text, f"{region}.yaml"), region, overlays, {region: known[region]}, region)
    except (NatsvaluesError, OSError, UnicodeDecodeError):
        return None
    return Group(case, Subject(overlays, known, tuple(clusters), {}))


def _region(folder: str) -> str | None:
    path = os.path.join(folder, "region")
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        return file.read().strip()


def of_stored(rendered: str) -> Iterator[Group]:
    """The stored renderings of the upstream chart, each by itself."""
    for folder, _, files in sorted(os.walk(rendered)):
        for name in sorted(files):
            if name.endswith(".yaml") and os.path.basename(folder) != "values":
                path = os.path.join(folder, name)
                with open(path, encoding="utf-8", newline="") as file:
                    release = Release(file.read(), path)
                try:
                    clusters = clusters_of(release, name.removesuffix(".yaml"), None, {})
                except NatsvaluesError:
                    continue  # a rendering without NATS
                yield Group(os.path.relpath(path, rendered), Subject(None, {}, tuple(clusters), {}))
