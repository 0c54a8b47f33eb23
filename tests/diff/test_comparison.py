"""What differs between two values: nothing between equals, something between others, each where it stands."""

from __future__ import annotations

import copy

import jsonpatch
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from natsvalues.diff.comparison import compare
from natsvalues.report.diff_patch import operations_between
from natsvalues.text.natsconf import Variable
from natsvalues.text.paths import concrete, dotted
from natsvalues.text.yamledit import same

SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "b", "1", "true", "__x", "a/b~c"])
KEYS = st.sampled_from(["name", "a", "b", "__private", "metadata", "x.y", "-"])
NAMED = st.fixed_dictionaries({"name": st.sampled_from("pqrs")}, optional={"a": SCALARS, "b": SCALARS})
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.dictionaries(KEYS, inner, max_size=3)
        | st.lists(inner, max_size=3)
        | st.lists(NAMED, max_size=4, unique_by=lambda item: item["name"])
    ),
    max_leaves=12,
)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=4)


@st.composite
def pairs(draw):
    """Two values that have much in common: the second is the first with a few places replaced."""
    before = draw(OBJECTS)
    after = copy.deepcopy(before)
    for _ in range(draw(st.integers(0, 3))):
        place = after
        while isinstance(place, (dict, list)) and place:
            keys = list(place) if isinstance(place, dict) else range(len(place))
            key = draw(st.sampled_from(list(keys)))
            inner = place[key]
            if not isinstance(inner, (dict, list)) or not inner or draw(st.booleans()):
                if draw(st.booleans()):
                    del place[key]
                else:
                    place[key] = draw(VALUES)
                break
            place = inner
    return before, after


@settings(deadline=None)
@given(OBJECTS)
def test_a_value_does_not_differ_from_itself(value):
    """Not from its copy either, whatever is in it."""
    assert compare(value, copy.deepcopy(value)) == ()


@settings(deadline=None, max_examples=300)
@given(st.tuples(OBJECTS, OBJECTS) | pairs())
def test_there_are_changes_exactly_where_values_are_not_equal(pair):
    """Equal as JSON has it: true is not 1, an absent key is not null, and order counts in lists."""
    before, after = pair
    assert (compare(before, after) == ()) == same(before, after)


@settings(deadline=None, max_examples=300)
@given(st.tuples(OBJECTS, OBJECTS) | pairs())
def test_the_json_patch_gives_the_new_value_and_back(pair):
    """The operations that are printed lead from old to new; those of the reversed diff lead back."""
    before, after = pair
    assert same(jsonpatch.apply_patch(before, operations_between(before, after)), after)
    assert same(jsonpatch.apply_patch(after, operations_between(after, before)), before)


def mirrored(changes):
    """The changes as the other way round would have them."""
    opposite = {"add": "remove", "remove": "add", "replace": "replace", "reorder": "reorder"}
    return sorted((dotted(item.path), opposite[item.op], repr(item.after), repr(item.before)) for item in changes)


NAMED_ONLY = st.recursive(
    SCALARS,
    lambda inner: (
        st.dictionaries(KEYS, inner, max_size=3)
        | st.lists(
            st.fixed_dictionaries({"name": st.sampled_from("pqrs")}, optional={"a": inner}),
            max_size=3,
            unique_by=lambda item: item["name"],
        )
    ),
    max_leaves=10,
)


@settings(deadline=None, max_examples=200)
@given(st.dictionaries(KEYS, NAMED_ONLY, max_size=3), st.dictionaries(KEYS, NAMED_ONLY, max_size=3))
def test_the_way_back_is_the_mirror(before, after):
    """What was added is removed at the same path, and before and after change places."""
    back = [(dotted(item.path), item.op, repr(item.before), repr(item.after)) for item in compare(after, before)]
    assert sorted(back) == mirrored(compare(before, after))


@settings(deadline=None, max_examples=200)
@given(pairs())
def test_every_path_leads_to_what_it_tells(pair):
    """In the old value for what was there, in the new one for what is there now."""
    for change in compare(*pair):
        for side, expected, absent in ((pair[0], change.before, "add"), (pair[1], change.after, "remove")):
            if change.op in (absent, "reorder"):
                continue
            found = side
            for step in concrete(change.path, side) if not has_unnamed_index(change.path) else ():
                found = found[step]
            assert has_unnamed_index(change.path) or same(found, expected)


def has_unnamed_index(path):
    """Whether a path goes by position, which differs between the sides once an item was put in or taken out."""
    return any(isinstance(part, int) for part in path)


EQUAL = [
    ({"resources": {"limits": {"cpu": 1}}}, {"resources": {"limits": {"cpu": "1000m"}}}),
    ({"resources": {"requests": {"memory": "1Gi"}}}, {"resources": {"requests": {"memory": "1024Mi"}}}),
    ({"emptyDir": {"sizeLimit": "1e3"}}, {"emptyDir": {"sizeLimit": "1k"}}),
    ({"interval": "1m"}, {"interval": "60s"}),
    ({"metadata": {"labels": {}}}, {"metadata": {}}),
    ({"metadata": {"annotations": None}}, {"metadata": {}}),
]
UNEQUAL = [
    ({"cpu": 1}, {"cpu": "1000m"}),
    ({"resources": {"limits": {"cpu": "1"}}}, {"resources": {"limits": {"cpu": "1001m"}}}),
    ({"port": "80"}, {"port": 80}),
    ({"enabled": True}, {"enabled": 1}),
    ({"interval": "1m"}, {"interval": "61s"}),
    ({"emptyDir": {}}, {}),
]


@pytest.mark.parametrize(("before", "after"), EQUAL)
def test_what_kubernetes_reads_alike_is_no_change(before, after):
    """Quantities and durations count by what they come to; null is absent, and so are empty labels."""
    assert compare(before, after, of_object=True) == ()


@pytest.mark.parametrize(("before", "after"), UNEQUAL)
def test_what_only_looks_alike_is_a_change(before, after):
    """A quantity is one only where Kubernetes takes it for one; types count."""
    assert [item.op for item in compare(before, after, of_object=True)] in (["replace"], ["remove"])


def test_items_meet_their_namesakes_wherever_they_stand():
    """An item put in front is one addition, not a change of all that follow."""
    before = {"containers": [{"name": "nats", "image": "nats:2.11"}, {"name": "reloader", "image": "r:1"}]}
    after = {
        "containers": [{"name": "new", "image": "n"}, {"name": "nats", "image": "nats:2.14"}, before["containers"][1]]
    }
    changes = [(dotted(item.path), item.op, item.before, item.after) for item in compare(before, after)]
    assert changes == [
        ("containers[name=nats].image", "replace", "nats:2.11", "nats:2.14"),
        ("containers[name=new]", "add", None, {"name": "new", "image": "n"}),
    ]


def test_another_order_is_reported_as_such():
    """The same items in another order are one change, which names both orders."""
    before, after = {"env": [{"name": "A"}, {"name": "B"}]}, {"env": [{"name": "B"}, {"name": "A"}]}
    [change] = compare(before, after)
    assert (dotted(change.path), change.op, change.before, change.after) == ("env", "reorder", ["A", "B"], ["B", "A"])


def test_a_variable_is_one_value():
    """A variable of nats.conf differs as a whole, and never equals the text that looks like it."""
    [change] = compare({"token": Variable("A")}, {"token": Variable("B")}, file="nats.conf")
    assert (change.before, change.after) == (Variable("A"), Variable("B"))
    assert len(compare({"token": Variable("A")}, {"token": "$A"}, file="nats.conf")) == 1


CONF_EQUAL = [
    ("max_payload: 8MB", "max_payload = 8mb # more"),
    ('ping_interval: "2m"', "ping_interval: 120s"),
    ('jetstream { max_file_store: "10G" }', "jetstream: {max_file_store: 10Gi}"),
    ("a: 1\nb: [x, y]", "{ b: [\n x\n y\n]\n a: 1 }"),
]


@pytest.mark.parametrize(("before", "after"), CONF_EQUAL)
def test_settings_compare_by_value(before, after):
    """Separators, comments, order of keys and spelling of sizes and times are no change."""
    from natsvalues.text.natsconf import read, value

    assert compare(value(read(before)), value(read(after)), file="nats.conf") == ()
