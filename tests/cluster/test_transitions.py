"""Every row of transitions.yaml: the real API server and manifests/transitions.py say the same."""

from __future__ import annotations

import copy
import json
import os
import uuid

import pytest
import yaml

from natsvalues.manifests.transitions import FIELDS, KINDS, RULES, kind_of, refusals

HERE = os.path.dirname(os.path.abspath(__file__))
APPLY = "application/apply-patch+yaml"


def table():
    """The rows of the file with whole objects: (id, old, new, change, refused, says, unseen)."""
    with open(os.path.join(HERE, "transitions.yaml"), encoding="utf-8") as file:
        content = yaml.safe_load(file)
    for row in content["rows"]:
        base = content["bases"][row["base"]] | {"metadata": {"name": "row"}}
        old = merged(base, row.get("first", {}))
        name = f"{row['base']}:{json.dumps(row['change'])[:60]}"
        new = merged(old, row["change"])
        yield name, old, new, row["change"], row.get("refused"), row.get("says", ""), row.get("unseen", False)


def merged(value, patch):
    """RFC 7386: what a merge patch makes of a value."""
    if not isinstance(patch, dict):
        return patch
    result = copy.deepcopy(value) if isinstance(value, dict) else {}
    for key, item in patch.items():
        if item is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), item)
    return result


ROWS = [pytest.param(*row, id=name) for name, *row in table()]


def paths(found):
    """The fields that refusals name."""
    return [".".join(map(str, refusal.path)) for refusal in found]


@pytest.mark.parametrize(("old", "new", "change", "refused", "says", "unseen"), ROWS)
def test_the_server_and_we_say_the_same(namespace, old, new, change, refused, says, unseen):
    """A refused change is refused in the words we know, an allowed one is taken, as either helm would ask for it."""
    for way in ("apply", "merge"):
        name = f"{way}-{uuid.uuid4().hex[:8]}"  # some kinds have no namespace, some do not go at once
        old, new = ({**value, "metadata": {**value["metadata"], "name": name}} for value in (old, new))
        if way == "apply":
            path = namespace.path(old["kind"], name, fieldManager="helm", force="true")
            made, live = namespace.cluster.request("PATCH", path, old, content=APPLY)
            status, told = namespace.cluster.request("PATCH", path, new, content=APPLY)
        else:
            made, live = namespace.create(old)
            status, told = namespace.patch(old["kind"], name, change)
        namespace.delete(old["kind"], name)  # frees its ports
        assert made == 201, live
        assert (status in (403, 422)) if refused else (status == 200), (way, told)
        assert says in told.get("message", ""), way
        expected = [refused] if refused else []
        assert paths(refusals(old, new)) == expected
        assert paths(refusals(live, new)) == ([] if unseen else expected), way
        assert refusals(live, old) == []


def test_the_two_ways_differ_for_a_deployment_that_becomes_recreate(namespace):
    """Server-side apply refuses it, a three-way merge does not: so nothing is said of it."""
    old = next(row[0] for _, *row in table() if row[0]["kind"] == "Deployment")
    new = merged(old, {"spec": {"strategy": {"type": "Recreate"}}})
    path = namespace.path("Deployment", "row", fieldManager="helm", force="true")
    namespace.cluster.request("PATCH", path, old, content=APPLY)
    status, told = namespace.cluster.request("PATCH", path, new, content=APPLY)
    assert status == 422
    assert "may not be specified when strategy `type` is 'Recreate'" in told["message"]
    retained = {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}
    strategic = "application/strategic-merge-patch+json"
    assert (
        namespace.cluster.request("PATCH", namespace.path("Deployment", "row"), retained, content=strategic)[0] == 200
    )
    assert refusals(old, new) == []


def test_every_rule_has_a_row_that_it_refuses():
    """Nothing is said to be refused that the server was not asked about."""
    asked = {(kind_of(old), refused) for _, old, _, _, refused, *_ in table() if refused}
    assert {(kind, ".".join(field.path)) for field in FIELDS for kind in field.kinds} <= asked
    assert {kind for kind, _ in asked} == KINDS
    assert set(RULES) <= KINDS


@pytest.mark.parametrize("row", [list(row.values) for row in ROWS])
def test_a_refusal_has_a_reason_and_a_way_round(row):
    """Both are sentences with nothing left to fill in, and no content of a Secret is in them."""
    old, new, _, refused, *_ = row
    found = refusals(old, new)
    assert paths(found) == ([refused] if refused else [])
    for refusal in found:
        assert refusal.reason
        assert refusal.remedy
        assert "{delete}" not in refusal.reason + refusal.remedy
        assert "MQ==" not in refusal.reason + refusal.remedy
