"""The walk of two values, judged by deepdiff, which knows nothing of names and says the same of values without any."""

from __future__ import annotations

from deepdiff import DeepDiff
from hypothesis import given
from hypothesis import strategies as st

from natsvalues.diff.comparison import compare

SCALARS = st.integers(-3, 3) | st.sampled_from(["", "a", "b", "1"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.dictionaries(st.sampled_from("pqrs"), inner, max_size=4) | st.lists(SCALARS, max_size=5),
    max_leaves=12,
)
KINDS = {"added": "add", "removed": "remove", "changed": "replace", "changes": "replace"}


@given(st.dictionaries(st.sampled_from("tuvw"), VALUES, max_size=4), VALUES, st.sampled_from("tuvw"))
def test_it_sees_what_deepdiff_sees(before, other, key):
    """One part is another one: each difference has the same kind and path."""
    after = {**before, key: other}
    judged = DeepDiff(before, after, view="tree", threshold_to_diff_deeper=0)
    expected = {
        (KINDS[kind.rpartition("_")[2]], tuple(level.path(output_format="list")))
        for kind, levels in judged.items()
        for level in levels
    }
    assert {(change.op, tuple(change.path)) for change in compare(before, after)} == expected
