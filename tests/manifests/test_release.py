"""A release as a stream: split, changed and added to, with every other character as it came."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from natsvalues.manifests.release import Release, ResourceKey
from natsvalues.text.paths import Op
from natsvalues.text.yamltree import YamlSyntaxError

HELM_3 = """\
---
# Source: nats/templates/config-map.yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: a
---
# Source: nats/templates/stateful-set.yaml
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: b
  namespace: ns
spec:
  replicas: 3 # as many
"""
REPLICAS = (Op("replace", ("spec", "replicas"), 5),)
ADDED = "---\nkind: Service\nmetadata:\n  name: new\n"


def test_documents_know_what_and_where_they_are():
    """Key, source and lines of each document count in the stream."""
    first, second = (Release(HELM_3).manifest(number) for number in (0, 1))

    assert first.key == ResourceKey("", "ConfigMap", "", "a")
    assert second.key == ResourceKey("apps", "StatefulSet", "ns", "b")
    assert [str(item.key) for item in (first, second)] == ["ConfigMap/a", "StatefulSet/ns/b"]
    assert [item.source for item in (first, second)] == [
        "nats/templates/config-map.yaml",
        "nats/templates/stateful-set.yaml",
    ]
    assert (first.line, second.line) == (1, 7)
    assert second.line_of("spec", "replicas") == HELM_3[: HELM_3.index("replicas")].count("\n") + 1
    assert second.line_of("spec", "missing", 0) == second.line_of("spec")


def test_helm_4_tells_the_source_by_annotation():
    """Its annotation wins over a comment that a template may have left."""
    text = (
        "# Source: comment.yaml\nkind: A\nmetadata:\n  annotations:\n"
        "    postrenderer.helm.sh/postrender-filename: nats/templates/a.yaml\n"
    )

    assert Release(text).manifest(0).source == "nats/templates/a.yaml"
    assert Release("kind: A\n").manifest(0).source == ""


def test_a_change_touches_its_own_characters_only():
    """The changed release differs in one place; the old one stays what it was."""
    release = Release(HELM_3)
    changed = release.with_changed(release.manifest(1).edited(REPLICAS))

    assert changed.text() == HELM_3.replace("replicas: 3", "replicas: 5")
    assert release.text() == HELM_3
    assert changed.manifest(1).value["spec"]["replicas"] == 5
    assert changed.rendered(1).value["spec"]["replicas"] == 3


def test_a_document_is_added_behind_the_one_it_belongs_to():
    """In the order of adding, with negative numbers, and they can be changed like any other."""
    release, one = Release(HELM_3).with_added(0, ADDED)
    release, two = release.with_added(0, ADDED.replace("new", "newer"))
    release, three = release.with_added(1, ADDED.replace("new", "newest"))
    release = release.with_changed(two.edited((Op("replace", ("kind",), "Route"),)))
    head, tail = HELM_3[: HELM_3.index("---", 3)], HELM_3[HELM_3.index("---", 3) :]
    expected = head + ADDED + ADDED.replace("new", "newer").replace("Service", "Route")

    assert [item.number for item in (one, two, three)] == [-1, -2, -3]
    assert release.text() == expected + tail + ADDED.replace("new", "newest")
    assert release.numbers() == [0, 1, -1, -2, -3]
    assert release.manifest(-2).key.kind == "Route"
    assert release.rendered(-1) is None


def test_a_stream_without_a_last_newline_gets_one_before_what_is_added():
    """A marker must stand at the beginning of a line."""
    release, _ = Release(HELM_3.rstrip("\n")).with_added(1, ADDED)

    assert release.text() == HELM_3 + ADDED


def test_windows_line_ends_stay():
    """Changed and added documents have the line ends of the stream; values never contain them."""
    text = HELM_3.replace("\n", "\r\n")
    release, _ = Release(text).with_added(0, ADDED)
    release = release.with_changed(release.manifest(1).edited(REPLICAS))
    head, tail = HELM_3[: HELM_3.index("---", 3)], HELM_3[HELM_3.index("---", 3) :]

    assert release.text() == (head + ADDED + tail.replace(": 3", ": 5")).replace("\n", "\r\n")
    assert release.manifest(0).key.name == "a"
    assert release.manifest(1).source == "nats/templates/stateful-set.yaml"


def test_mixed_line_ends_stay_as_they_are():
    """A single stray line end of the other kind is nobody's to repair."""
    text = "kind: A\r\nspec:\n  replicas: 3\r\nlast: 1\n"
    release = Release(text)

    assert release.with_changed(release.manifest(0).edited(REPLICAS)).text() == text.replace(": 3", ": 5")


def test_a_byte_order_mark_stays_where_it_is():
    """It is part of the first document's text, and no part of its meaning."""
    text = "\ufeff" + HELM_3
    release = Release(text)
    changed = release.with_changed(release.manifest(len(release.chunks) - 1).edited(REPLICAS))

    assert changed.text() == text.replace(": 3", ": 5")
    assert Release("\ufeffkind: A\nspec: {replicas: 3}\n").manifest(0).key.kind == "A"


def test_what_is_no_object_is_carried_along():
    """Comments, lists and mappings without a kind are no manifests, and nothing of them gets lost."""
    text = "# only a comment\n---\n- a\n---\na: 1\n---\nkind: 1\n---\nkind: A\n"
    release = Release(text)

    assert [release.manifest(number) is not None for number in release.numbers()] == [False] * 4 + [True]
    assert release.text() == text


def test_words_tell_which_documents_are_worth_parsing():
    """All words must be there; added documents are always looked at; a broken document elsewhere does not matter."""
    release, _ = Release(HELM_3 + "---\nkind: [broken\n").with_added(1, ADDED)

    assert release.mentioning("StatefulSet", "replicas") == [1, -1]
    assert release.mentioning("kind") == [0, 1, 2, -1]
    assert release.mentioning("ConfigMap", "replicas") == [-1]
    found = release.manifests(release.mentioning("name"), lambda item: item.key.kind != "ConfigMap")
    assert [item.number for item in found] == [1, -1]


def test_a_broken_document_is_reported_with_its_place_in_the_stream():
    """Line and column count from the start of the input, and the file has the name it was given."""
    release = Release(HELM_3 + "---\nok: 1\nkind: [\n", "old.yaml")
    with pytest.raises(YamlSyntaxError) as error:
        release.require_readable(release.numbers())

    assert error.value.where[0][:2] == ("old.yaml", HELM_3.count("\n") + 4)
    assert release.where(7, "spec") == ("old.yaml", 7, None, "spec")


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(["---", "--- ", "---\r", "----", " ---", "kind: A", "a: 1", "\ufeff", "", "'"]), max_size=9
    )
)
def test_pieces_joined_are_the_text_whatever_it_is(lines):
    """A stream that is not changed comes out as it came in, broken or not, parsed or not."""
    for text in ("\n".join(lines), "\r\n".join(lines)):
        release = Release(text)

        assert "".join(release.pieces()) == release.text() == text
        assert [chunk.line for chunk in release.chunks] == sorted({chunk.line for chunk in release.chunks})
