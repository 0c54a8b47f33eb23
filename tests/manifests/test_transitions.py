"""What the API server refuses to change; the table itself is asked of a real one in tests/cluster."""

from hypothesis import given
from hypothesis import strategies as st

from natsvalues.manifests.transitions import KINDS, refusals

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["", "None", "LoadBalancer", "1Gi", "Local"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(
        ["spec", "type", "clusterIP", "clusterIPs", "ipFamilies", "volumeClaimTemplates", "metadata", "resources",
         "requests", "storage", "data", "stringData", "immutable", "completions", "updateStrategy", "template"]
    ), inner, max_size=4),
)  # fmt: skip
OBJECTS = st.tuples(
    st.sampled_from(sorted(KINDS)), st.dictionaries(st.sampled_from(["spec", "data", "type", "immutable"]), ANYTHING)
).map(lambda drawn: {"apiVersion": f"{drawn[0][0]}/v1".lstrip("/"), "kind": drawn[0][1], **drawn[1]})


@given(OBJECTS, OBJECTS, st.booleans())
def test_nothing_is_too_odd_to_be_compared(old, new, live):
    """Whatever a rendering holds, there is an answer; and an object never clashes with itself."""
    old = {**old, "metadata": {"uid": "a"} if live else {}}
    refusals(old, {**new, "apiVersion": old["apiVersion"], "kind": old["kind"]})
    assert refusals(old, old) == []


def test_the_way_round_names_the_object():
    """A remedy is a command to copy."""
    old = {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "nats", "namespace": "bus"}, "spec": {}}
    [refusal] = refusals(old, {**old, "spec": {"serviceName": "other"}})
    assert refusal.path == ("spec", "serviceName")
    assert "`kubectl delete statefulset nats -n bus --cascade=orphan`" in refusal.remedy
