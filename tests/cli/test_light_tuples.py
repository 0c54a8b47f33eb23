"""Named tuples of the post-render path: as those of `typing`, and only where they were requested."""

from __future__ import annotations

import copy
import typing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from natsvalues.cli.light_tuples import light_tuples


def define():
    """One class with a default and a property."""

    class Point(typing.NamedTuple):
        """A point."""

        x: int
        y: list[int] | None
        name: str = "p"

        @property
        def size(self) -> int:
            return self.x * 2

    return Point


Typed = define()
with light_tuples():
    Light = define()
CALLS = st.tuples(
    st.lists(st.integers(), max_size=4), st.dictionaries(st.sampled_from(["x", "y", "name", "z"]), st.text(max_size=2))
)


def outcome(kind, values, named):
    """What a call gives, as far as anybody can see it."""
    try:
        made = kind(*values, **named)
    except TypeError:
        return "TypeError"
    return tuple(made), made._asdict(), made.size, made._replace(x=7), made.name, len(made), hash(made[0])


@given(CALLS)
def test_a_call_gives_the_same(call):
    """Values by position and by name, defaults, missing, unknown and doubled ones."""
    assert outcome(Light, *call) == outcome(Typed, *call)


def test_the_classes_look_the_same():
    """What readers of classes use: fields, defaults, annotations by name, patterns, the docstring."""
    for name in ("_fields", "_field_defaults", "__match_args__", "__doc__", "__name__", "__qualname__"):
        assert getattr(Light, name) == getattr(Typed, name)
    assert list(Light.__annotations__) == list(Typed.__annotations__)
    assert issubclass(Light, tuple)
    assert not hasattr(Light(1, None), "__dict__")


def test_values_behave_the_same():
    """Equality with tuples, copies, order, unpacking, `_make`, repr."""
    one = Light(1, [2])

    assert one == (1, [2], "p") == Typed(1, [2])
    assert repr(one) == repr(Typed(1, [2])) == "Point(x=1, y=[2], name='p')"
    assert copy.deepcopy(one) == one
    assert Light._make([3, None, "q"]) > one
    match one:
        case Light(x, name=name):
            assert (x, name) == (1, "p")
    with pytest.raises(TypeError):
        one._replace(z=1)


def test_only_inside():
    """Afterwards `typing.NamedTuple` is the original; a generic tuple and a call use it inside, too."""
    original = typing.NamedTuple
    with light_tuples():
        assert typing.NamedTuple is not original
        assert typing.NamedTuple("Called", [("a", int)])(1).a == 1

        class Generic(typing.NamedTuple, typing.Generic[typing.TypeVar("T")]):
            a: int

        assert Generic(1).a == 1
    assert typing.NamedTuple is original


def test_modules_that_are_imported_inside_define_light_tuples(run):
    """A class at the top of a module can be pickled; one of the post-render path is light."""
    code = """
import pickle
from natsvalues.cli.light_tuples import light_tuples
with light_tuples():
    from natsvalues.overlays.plan import Remote
one = Remote("a", ("b",))
assert pickle.loads(pickle.dumps(one)) == one and type(one).__mro__[1].__name__ == "_Methods"
"""
    run("python", "-c", code, check=True)
