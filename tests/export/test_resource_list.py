"""The list of a KRM function: taken apart without loss, put together with what changed, refused where it is none."""

import json
import re

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from natsvalues.delivery.resource_list import ResourceList
from natsvalues.errors import NatsvaluesError
from natsvalues.text.paths import Op
from natsvalues.text.yamltree import Tree
from natsvalues.text.yamlwrite import indented

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


# --- a property: bytes of what no edit concerns ------------------------------------------------------------

LEADS = ["", "# Source: nats/templates/x.yaml\n", "# one\n\n# two\n", "&of-{name}\n", "!!map\n", "# c\n&of-{name}\n"]
FIELDS = [
    "apiVersion: v1\nkind: ConfigMap # kind\nmetadata:\n  name: {name}\n",
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, labels: &l {{a: 'b', n: \"1\"}}, selector: *l}}\n",
    "{{apiVersion: v1, kind: ConfigMap, metadata: {{name: {name}}}}}\n",
    "{{apiVersion: v1,\n  kind: ConfigMap, # in it\nmetadata: {{name: {name}}}}}\n",
]
ENDS = [
    "",
    "data:\n  # above\n  text: |\n    one\n\n      two\n",
    "data:\n  text: |+\n    one\n\n",
    'data:\n  last: "x" # of it\n',
    "data:\n  list: >-\n    a\n    b\n# below\n",
    "data:\n  x: 'y'\n\n# below\n  # more below\n",
]
BETWEEN = ["", "\n", "# between\n", "\n# between\n\n"]
TAILS = ["", "functionConfig:\n  kind: ConfigMap\n", "results:\n- {message: old}\n", "# the end\n", "...\n"]
OPS = [
    Op("add", ("metadata", "annotations"), {"new": "1"}),
    Op("add", ("data",), {"new": "a\nb\n"}),
    Op("replace", ("kind",), "Secret"),
]


@st.composite
def items(draw, number):
    """An item with its name, without indentation, as people and tools write them."""
    name = f"n{number}"
    fields = draw(st.sampled_from(FIELDS))
    lead = draw(st.sampled_from(LEADS))
    if lead.endswith("map\n") and not fields.startswith("{"):
        lead = ""  # as kyaml: no tag before a block
    end = "" if fields.startswith("{") else draw(st.sampled_from(ENDS))
    return lead.format(name=name) + fields.format(name=name) + end


@given(data=st.data())
@settings(max_examples=60)
def test_what_no_edit_concerns_keeps_its_bytes(data):
    """Whatever comments, styles and anchors it has, wherever it stands, whatever happens to its neighbours."""
    count = data.draw(st.integers(1, 5))
    columns, spaces = data.draw(st.sampled_from([0, 2])), data.draw(st.sampled_from([1, 3]))
    written, between = [], []
    for number in range(count):
        first, *rest = data.draw(items(number)).splitlines()
        lines = ["-" + " " * spaces + first, *indented(rest, spaces + 1)]
        written.append("\n".join(indented(lines, columns)) + "\n")
        between.append(data.draw(st.sampled_from(BETWEEN)))
    head = "# of a tool\napiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n"
    tail = data.draw(st.sampled_from(TAILS))
    text = head + "".join(map("".join, zip(between, written, strict=True))) + tail
    given_list = ResourceList(text, "standard input")
    release = given_list.release
    touched = data.draw(st.sets(st.integers(0, count - 1)))
    for number in touched:
        release = release.with_changed(release.manifest(number).edited((data.draw(st.sampled_from(OPS)),)))
    behind = data.draw(st.none() | st.integers(0, count - 1))
    if behind is not None:
        release, _ = release.with_added(behind, "---\n# Source: new\nkind: Service\nmetadata:\n  name: new\n")

    found = given_list.written(release, [{"message": "m"}])
    pattern = re.escape(head)
    for number in range(count):
        blank = between[number].startswith("\n") and number - 1 == behind  # before the new item, or behind it
        pattern += "\n*" + re.escape(between[number].lstrip("\n")) if blank else re.escape(between[number])
        pattern += "(?s:.+?)" if number in touched else re.escape(written[number])
        pattern += rf"\n* {{{columns}}}- # Source: new\n(?s:.+?)" if number == behind else ""
    assert re.match(pattern, found)
    left = tail.partition("results")[0]
    assert left.strip(".\n") in found
    assert found.count("# Source: new") == (behind is not None)
    assert Tree(found).value["results"] == [{"message": "m"}]


@given(data=st.data())
@settings(max_examples=60)
def test_json_keeps_its_bytes(data):
    """A list on one line or on several: a new item and the results go between its brackets."""
    count = data.draw(st.integers(1, 4))
    objects = [{"kind": "ConfigMap", "metadata": {"name": f"n{number}"}, "data": {}} for number in range(count)]
    indent = data.draw(st.sampled_from([None, 2, 4]))
    text = json.dumps(
        {"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "items": objects}, indent=indent
    )
    given_list = ResourceList(text, "standard input")
    number = data.draw(st.integers(0, count - 1))
    release, _ = changed(given_list, number, Op("replace", ("kind",), "Secret")).with_added(
        data.draw(st.integers(0, count - 1)), "---\nkind: Service\nmetadata: {name: new}\n"
    )

    found = given_list.written(release, [{"message": "m"}])
    new = re.search(r", \{kind: Service, metadata: \{name: new\}\}", found)
    without = found.replace(new.group(), "").replace("Secret", "ConfigMap")
    assert re.sub(r', "?results"?: \[\{message: m\}\]', "", without) == text + "\n"
    assert len(json.loads(text)["items"]) + 1 == len(yaml.safe_load(found)["items"])


def test_an_item_that_is_no_object_is_named_by_its_line():
    """And is no bug of natsvalues."""
    with pytest.raises(NatsvaluesError, match="an item that is no object") as caught:
        ResourceList(LIST.replace("- {apiVersion: v1, kind: Secret, metadata: {name: b}}", "- text"), "standard input")
    assert caught.value.code == "NV-F001"
    assert str(caught.value.where[0]) == "standard input:18: items[1]"
