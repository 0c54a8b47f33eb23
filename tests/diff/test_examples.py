"""Every impact's examples, executed: the change of FAIL has the impact, and no change of PASS has it.

What each of their changes does, also by other impacts, is in golden-examples, in a file for each impact. neighbours has
further pairs, and what theirs do. NATSVALUES_UPDATE_GOLDEN=1 writes them anew.
"""

from __future__ import annotations

import os
import re

import pytest
import yaml

from natsvalues.diff.changes import About
from natsvalues.diff.drift import Upgrade, drift, orphans
from natsvalues.diff.impact import GROUPS, IMPACTS, judge
from natsvalues.diff.impact.context import context
from natsvalues.diff.releases import Comparison
from natsvalues.diff.sides import Side
from natsvalues.lint.rules import RULES
from natsvalues.manifests.objects import entries
from natsvalues.supercluster.region_state import Decision
from natsvalues.text.paths import dotted

HERE = os.path.dirname(os.path.abspath(__file__))
GOLDEN = os.path.join(HERE, "golden-examples")
NEIGHBOURS = os.path.join(HERE, "neighbours")
with open(os.path.join(NEIGHBOURS, "cases.yaml"), encoding="utf-8") as opened:
    PAIRS = yaml.safe_load(opened)


def impacts(example, renderings, example_regions, folder) -> tuple[list, str]:
    """Every impact of an example as its place, id, level, message and the ids of others; and the place it names."""
    pair = example_regions.pair(example, renderings, str(folder))
    comparison = Comparison(Side(About("old"), pair.old), Side(About("new"), pair.new))
    decision = Decision(pair.scope, pair.joins, unlisted=pair.unlisted)
    objects, notes = judge(comparison, decision)
    releases = context(comparison, decision)
    seen = [("", note.id, note.level, note.message, []) for note in notes]
    for item in objects:
        name = f"{item.key.kind}/{item.key.name}"
        seen.append((name, *parts_of(item.impact), hidden("object", item.impact, releases, item)))
        for change in item.changes:
            place = f"{name}:{change.file + ':' if change.file else ''}{dotted(change.path)}"
            seen.append((place, *parts_of(change.impact), hidden("change", change.impact, releases, item, change)))
    for item in drifted(pair):
        name = f"{item.key.kind}/{item.key.name}"
        seen.append((name, *parts_of(item.impact), []))
        seen += [(f"{name}:{dotted(change.path)}", *parts_of(change.impact), []) for change in item.changes]
    return seen, pair.at


def parts_of(impact) -> tuple[str, str, str]:
    """Id, level and message."""
    return impact.id, impact.level, impact.reason


def hidden(applies_to, shown, *seen) -> list[str]:
    """The ids of the impacts that apply as well, behind the worst one."""
    declared = [item for item in IMPACTS if item.applies_to == applies_to and item.id != shown.id]
    return [item.id for item in declared if shown.id and item.check(*seen) is not None]


def drifted(pair):
    """What the cluster of an example has that the old release has not, or otherwise."""
    if pair.live is None:
        return []
    stated, planned = (list(entries(side, side.numbers())) for side in (pair.old, pair.new))
    live = list(pair.live)
    upgrade = Upgrade(planned, meets_conflicts=pair.server_side)
    return [*drift(pair.old, stated, live, "default", upgrade), *orphans(pair.old, stated, live, "nats", "default")]


def check(declared, renderings, example_regions, folder) -> str:
    """FAIL has the impact at its place with its level; PASS does not have it, but differs too; gives all impacts."""
    fails, place = impacts(declared.fails, renderings, example_regions, folder / "fails")
    assert (place, declared.id, declared.level) in [row[:3] for row in fails], fails
    passes, _ = impacts(declared.passes, renderings, example_regions, folder / "passes")
    assert passes
    assert declared.id not in [row[1] for row in passes], passes
    return "".join(["FAIL\n", *map(line_of, fails), "PASS\n", *map(line_of, passes)])


def line_of(row) -> str:
    """An impact on a line; an object that only changes has none of its own."""
    place, code, level, message, others = row
    behind = f" ({', '.join(others)})" if others else ""
    return f"  {place or 'note'} {code or '-'}{behind} {level}: {message}\n" if message else ""


@pytest.mark.helm
@pytest.mark.parametrize("declared", IMPACTS, ids=lambda declared: declared.id)
def test_examples_on_the_stand_in(declared, stand_in, example_regions, as_on_file, tmp_path):
    """On the chart of the tests, also what all their other changes do."""
    said = check(declared, stand_in, example_regions, tmp_path)
    as_on_file(os.path.join(GOLDEN, f"{declared.id}.txt"), said)


@pytest.mark.helm
@pytest.mark.parametrize("name", PAIRS)
def test_a_neighbour(name, stand_in, example_regions, as_on_file, tmp_path):
    """Where an impact begins or ceases: what each change does."""
    rows, _ = impacts(yaml.safe_dump(PAIRS[name]), stand_in, example_regions, tmp_path)
    as_on_file(os.path.join(NEIGHBOURS, f"{name}.txt"), "".join(map(line_of, rows)))


@pytest.mark.parametrize("declared", IMPACTS, ids=lambda declared: declared.id)
def test_examples_on_stored_renderings(declared, stored, example_regions, tmp_path):
    """On each version of the upstream chart."""
    check(declared, stored, example_regions, tmp_path)


def test_ids_and_names_are_unique_and_in_order():
    """Ids only grow within a group; `natsvalues rules` takes names in their place, and lint's ids and names too."""
    ids = [declared.id for declared in IMPACTS]
    assert ids == sorted(set(ids))
    assert len({declared.name for declared in IMPACTS}) == len(ids)
    assert not {*ids, *(declared.name for declared in IMPACTS)} & {word for rule in RULES for word in rule[:2]}
    assert all(re.fullmatch(r"DI\d{3}", code) for code in ids)
    assert sum(map(len, GROUPS.values())) == len(ids)


def test_every_manual_is_complete():
    """What causes it, why, how that is known, and what to do wherever it hurts."""
    for declared in IMPACTS:
        assert declared.what
        assert declared.why
        assert declared.source
        assert declared.remedy or declared.level in ("none", "reload", "restart"), declared.id
