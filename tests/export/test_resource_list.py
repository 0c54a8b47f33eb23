"""The list of a KRM function: taken apart without loss, put together with what changed, refused where it is none."""

import pytest
import yaml

from natsvalues.delivery.resource_list import ResourceList
from natsvalues.errors import NatsvaluesError
from natsvalues.text.paths import Op

LIST = """\
# of an orchestrator
apiVersion: config.kubernetes.io/v1
kind: ResourceList
items:
# the first
- apiVersion: v1
  kind: ConfigMap # a kind
  metadata:
    name: a
    annotations: {config.kubernetes.io/path: app/all.yaml, config.kubernetes.io/index: '0'}
  data:
    text: |
      one

        two
    last: "x" # of a
# between
- {apiVersion: v1, kind: Secret, metadata: {name: b}}

- apiVersion: v1
  kind: Service
  metadata:
    name: c
functionConfig:
  apiVersion: v1
  kind: ConfigMap
  metadata: {name: f}
"""


def changed(given, number, *ops):
    """The list's release with operations on one item."""
    return given.release.with_changed(given.release.manifest(number).edited(ops))


@pytest.mark.parametrize("text", [LIST, LIST.rstrip("\n"), LIST.replace("items:", "items:\n")])
def test_what_is_not_touched_comes_back_letter_by_letter(text):
    """Comments, styles, empty lines: all of it; only a missing line end is added."""
    given = ResourceList(text, "standard input")
    assert given.written(given.release, []) == text.rstrip("\n") + "\n"


def test_items_are_documents_at_their_lines():
    """So that an error names the line of the list."""
    given = ResourceList(LIST, "standard input")
    found = [given.release.manifest(number) for number in range(3)]
    assert [manifest.key.name for manifest in found] == ["a", "b", "c"]
    lines = LIST.split("\n")
    assert lines[found[0].line_of("data", "last") - 1] == '    last: "x" # of a'
    assert lines[found[2].line_of("metadata", "name") - 1] == "    name: c"
    assert [given.item_at(line) for line in (5, 6, 16, 17, 18, 20, 23, 24)] == [None, 0, 0, None, 1, 2, 2, None]


def test_a_change_is_made_in_place():
    """The line changes, and nothing else, not even a comment beside it."""
    given = ResourceList(LIST, "standard input")
    text = given.written(changed(given, 0, Op("replace", ("data", "last"), "y")), [])
    assert text == LIST.replace('"x" # of a', '"y" # of a')


def test_a_new_item_stands_behind_its_neighbour_in_a_file_of_its_own():
    """Tools like kpt write each resource into the file that its path names."""
    given = ResourceList(LIST, "standard input")
    release, _ = given.release.with_added(0, "---\napiVersion: v1\nkind: Service\nmetadata:\n  name: new\n")
    items = yaml.safe_load(given.written(release, []))["items"]
    assert [item["metadata"]["name"] for item in items] == ["a", "new", "b", "c"]
    assert items[1]["metadata"]["annotations"] == {
        "config.kubernetes.io/path": "app/service_new.yaml",
        "config.kubernetes.io/index": "0",
    }


def test_results_take_the_place_of_older_ones():
    """They are this function's; those of another are the orchestrator's, which has them."""
    given = ResourceList(LIST + "results:\n- {message: old}\n", "standard input")
    text = given.with_results([{"message": "two\nlines", "severity": "info"}])
    assert yaml.safe_load(text)["results"] == [{"message": "two\nlines", "severity": "info"}]
    assert text.startswith(LIST)


@pytest.mark.parametrize(
    "text",
    [
        yaml.safe_dump(yaml.safe_load(LIST), default_flow_style=True, width=60),
        LIST.replace("\n", "\r\n"),
        "\ufeff" + LIST,
        LIST.replace("name: c", "name: c\n    labels: &l {x: z}\n    annotations: *l"),
        LIST + "...\n",
        LIST.replace("- apiVersion", "- !!map\n  apiVersion"),
    ],
    ids=["flow", "crlf", "bom", "anchors", "end", "tag"],
)
def test_a_list_that_cannot_be_cut_is_written_out_first(text):
    """JSON, line ends of Windows, anchors: the same meaning, in the plain style."""
    given = ResourceList(text, "standard input")
    release = changed(given, 0, Op("replace", ("data", "last"), "y"))
    wanted = yaml.safe_load(text.removeprefix("\ufeff"))
    wanted["items"][0]["data"]["last"] = "y"
    assert yaml.safe_load(given.written(release, [])) == wanted


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "nothing of apiVersion nothing"),
        ("apiVersion: v1\nkind: Service\n", "Service of apiVersion v1"),
        ("apiVersion: config.kubernetes.io/v1alpha1\nkind: ResourceList\nitems: []\n", "v1alpha1"),
        ("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems: {}\n", "items that are not a list"),
        ("- a\n", "nothing of apiVersion nothing"),
    ],
)
def test_what_is_no_list_is_named(text, message):
    """A rendering on standard input, an older protocol."""
    with pytest.raises(NatsvaluesError, match=message) as caught:
        ResourceList(text, "standard input")
    assert (caught.value.code, caught.value.where[0].file) == ("NV-F001", "standard input")


@pytest.mark.parametrize("text", ["a: [", "a: 1\n---\nb: 2\n"])
def test_what_is_no_document_is_named_with_its_line(text):
    """Not YAML, or a stream."""
    with pytest.raises(NatsvaluesError) as caught:
        ResourceList(text, "standard input")
    assert caught.value.code == "NV-I002"
    assert caught.value.where[0].line


def test_a_list_without_items_has_none():
    """Nothing to find a NATS in."""
    text = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems: []\n"
    given = ResourceList(text, "standard input")
    assert given.release.is_empty
    assert given.with_results([]) == text
