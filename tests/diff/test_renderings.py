"""Diffs of real renderings: every chart version against every other, every case against every other."""

from __future__ import annotations

import os

import jsonpatch
import jsonpointer
import pytest
import yaml

from natsvalues.diff.changes import About
from natsvalues.diff.impact import judge
from natsvalues.diff.releases import Comparison
from natsvalues.diff.sides import Side
from natsvalues.manifests.release import Release
from natsvalues.report.diff_json import report
from natsvalues.report.diff_patch import operations_between
from natsvalues.report.diff_redacted import keyed, redacted_diff
from natsvalues.report.diff_text import text
from natsvalues.supercluster.region_state import Decision
from natsvalues.text.yamledit import same

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden")
FOLDERS = ("nats-1.2.11", "nats-1.3.16", "nats-2.14.2", "nats-2.14.2-helm4", "umbrella")
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def side(path):
    """A file as a side, read once for each diff, as the command does."""
    with open(path, encoding="utf-8") as file:
        return Side(About(path), Release(file.read(), path))


def diff_of(old, new):
    """The judged diff of two files."""
    comparison = Comparison(side(old), side(new))
    judged, notes = judge(comparison, Decision())
    return comparison.diff(judged, notes)


def files_of(rendered):
    """Every stored rendering."""
    return [
        os.path.join(rendered, folder, name)
        for folder in FOLDERS
        for name in sorted(os.listdir(os.path.join(rendered, folder)))
    ]


def check(old, new):
    """What must hold of any two releases: reports can be made, patches lead there and back, emptiness is equality."""
    diff = diff_of(old, new)
    shown = redacted_diff(diff, keyed(b"0" * 32), whole=True)
    assert report((shown,))["differs"] is not diff.is_empty
    assert text((shown,), color=False, width=100)
    for item in diff.objects:
        if item.op in ("change", "rename"):
            assert same(jsonpatch.apply_patch(item.before, operations_between(item.before, item.after)), item.after)
            assert same(jsonpatch.apply_patch(item.after, operations_between(item.after, item.before)), item.before)
            for change in item.changes:
                assert change.file or change.op == "reorder" or follows(item, change)
    back = diff_of(new, old)
    assert {item.key for item in diff.objects if item.op == "change"} == {
        item.key for item in back.objects if item.op == "change"
    }
    assert {item.key for item in diff.objects if item.op == "add"} == {
        item.key for item in back.objects if item.op == "remove"
    }
    return diff


def follows(item, change):
    """Whether the pointer of a change leads to what it says."""
    document = item.before if change.op == "remove" else item.after
    return same(jsonpointer.resolve_pointer(document, change.pointer), value_of(change))


def value_of(change):
    """What stands at the pointer."""
    return change.before if change.op == "remove" else change.after


@pytest.mark.slow
def test_every_rendering_against_itself_is_empty(rendered):
    """Nothing differs, and nothing is said, of two readings of one file."""
    for path in files_of(rendered):
        diff = diff_of(path, path)
        assert (diff.objects, diff.is_empty) == ((), True), path


@pytest.mark.slow
@pytest.mark.parametrize("pair", [("nats-1.2.11", "nats-1.3.16"), ("nats-1.3.16", "nats-2.14.2")])
def test_the_chart_is_upgraded(pair, rendered):
    """Each case from one chart version to the next: pods restart, nothing worse comes from the chart alone."""
    for name in sorted(os.listdir(os.path.join(rendered, pair[0]))):
        diff = check(*(os.path.join(rendered, folder, name) for folder in pair))
        assert not diff.is_empty
        assert diff.worst in ("restart", "outage", "refused", "not-applied", "exposure"), (name, diff.worst)


@pytest.mark.slow
@pytest.mark.parametrize("folder", FOLDERS)
def test_every_case_against_every_other(folder, rendered):
    """Cases of one chart version; Helm 3's and Helm 4's form of one rendering are the same release."""
    folder = os.path.join(rendered, folder)
    names = sorted(os.listdir(folder))
    for old in names:
        for new in names:
            if old < new:
                check(os.path.join(folder, old), os.path.join(folder, new))


@pytest.mark.slow
def test_what_a_post_renderer_got_is_what_is_stored(rendered):
    """Helm 4's stream for a post-renderer differs from the rendering in its template names only."""
    for name in sorted(os.listdir(os.path.join(rendered, "nats-2.14.2-helm4"))):
        diff = diff_of(*(os.path.join(rendered, folder, name) for folder in ("nats-2.14.2", "nats-2.14.2-helm4")))
        assert {change.derived for item in diff.objects for change in item.changes} <= {"template name"}, name
        assert {item.op for item in diff.objects} <= {"change"}, name


@pytest.mark.parametrize("case", sorted(os.listdir(GOLDEN)))
def test_the_golden_pairs_hold_the_same(case):
    """The same of the pairs that every clone has."""
    check(os.path.join(GOLDEN, case, "old.yaml"), os.path.join(GOLDEN, case, "new.yaml"))


def test_the_decoys_of_an_umbrella_are_compared_as_text(rendered):
    """A `nats.conf` that no server reads is a text like any other."""
    diff = diff_of(os.path.join(rendered, "umbrella", "one.yaml"), os.path.join(rendered, "umbrella", "two.yaml"))
    files = {item.key.name for item in diff.objects for change in item.changes if change.file}
    with open(os.path.join(rendered, "umbrella", "two.yaml"), encoding="utf-8") as file:
        servers = {
            item["metadata"]["name"]
            for item in yaml.load_all(file, LOADER)
            if item and item["kind"] == "ConfigMap" and item["metadata"]["name"].endswith("-config")
        }
    assert files <= servers
