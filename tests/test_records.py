"""Named tuples of ours behave as those of `typing`."""

from __future__ import annotations

import copy
import pickle
from typing import NamedTuple as Typed

import pytest
from hypothesis import given
from hypothesis import strategies as st

from natsvalues.records import NamedTuple


class Ours(NamedTuple):
    """A point with a label."""

    x: int
    y: int
    label: str = "none"
    color: str | None = None

    @property
    def total(self) -> int:
        """Both together."""
        return self.x + self.y


class Theirs(Typed):
    """The same, as typing makes it."""

    x: int
    y: int
    label: str = "none"
    color: str | None = None


def outcome(work):
    """What a call gives, or the type of its error."""
    try:
        return work()
    except (TypeError, ValueError) as error:
        return type(error)


NAMED = st.dictionaries(st.sampled_from(["x", "y", "label", "color", "other"]), st.integers(0, 3), max_size=5)


@given(st.lists(st.integers(0, 3), max_size=6), NAMED, NAMED)
def test_they_are_made_changed_and_compared_alike(values, named, changes):
    """For any arguments: the same values, or the same kind of error."""
    ours, theirs = outcome(lambda: Ours(*values, **named)), outcome(lambda: Theirs(*values, **named))
    assert ours == theirs
    if isinstance(ours, type):
        return
    assert isinstance(ours, Ours)
    assert hash(ours) == hash(theirs)
    assert ours._asdict() == theirs._asdict()
    assert repr(ours) == repr(theirs).replace("Theirs", "Ours")
    changed = outcome(lambda: ours._replace(**changes))
    assert changed == outcome(lambda: theirs._replace(**changes))
    assert isinstance(changed, (Ours, type))


def test_a_class_has_its_fields_methods_and_words():
    """Also what matching, copying and pickling need; and no room for anything else."""
    point = Ours(1, y=2)
    assert (Ours._fields, Ours._field_defaults) == (Theirs._fields, Theirs._field_defaults)
    assert (Ours.__doc__, Ours.__module__, Ours.__qualname__) == ("A point with a label.", __name__, "Ours")
    assert Ours._make([1, 2, "none", None]) == copy.deepcopy(point) == pickle.loads(pickle.dumps(point)) == point  # noqa: S301
    assert (point.total, point.label, Ours.__annotations__["x"]) == (3, "none", "int")
    match point:
        case Ours(x, y):
            assert (x, y) == (1, 2)
    with pytest.raises(AttributeError):
        point.other = 1
    with pytest.raises(AttributeError):
        point.x = 1
