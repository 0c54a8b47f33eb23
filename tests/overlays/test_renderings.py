"""Every stored rendering, for every shipped region, stage and scope: what is changed, and that nothing else is.

Documents are split and read here by other means than the package's own: a pattern of this module, and PyYAML.
"""

import re
from typing import NamedTuple

import jsonpatch
import pytest
import yaml

from natsvalues.text.natsconf import read, symbolic

_STEP = re.compile(r'\.?(?:([\w$-]+)|\[(\d+|-)\]|\["([^"]*)"\]|\[(\w+)=([^\]]*)\])')


pytestmark = pytest.mark.timeout(300)  # the first one renders for all


class Document(NamedTuple):
    """One document of a stream: its text, and what it means."""

    text: str
    value: dict


class Compared(NamedTuple):
    """One outcome with its documents before and after, by kind, namespace and name, in their order."""

    outcome: object
    old: dict[tuple[str, str, str], Document]
    new: dict[tuple[str, str, str], Document]

    def receipts(self, key) -> list:
        """The receipts of one object."""
        receipts = self.outcome.result.receipts
        return [receipt for receipt in receipts if (receipt.target.kind, *receipt.target[2:]) == key]


def documents(text) -> dict[tuple[str, str, str], Document]:
    """The documents of a stream that have content."""
    found = {}
    for part in re.split(r"(?m)^(?=---[ \t]*\r?$)", text):
        value = yaml.load(part, Loader=yaml.CSafeLoader)
        if value is not None:
            metadata = value["metadata"]
            found[value["kind"], metadata.get("namespace", ""), metadata["name"]] = Document(part, value)
    return found


def pointer(path, value) -> str:
    """The JSON Pointer, in `value`, of a receipt's dotted path."""
    steps = []
    for name, index, quoted, key, wanted in _STEP.findall(path):
        matching = [str(place) for place, item in enumerate(value) if item[key] == wanted] if key else []
        step = name or index or quoted or matching[0]
        steps.append(step.replace("~", "~0").replace("/", "~1"))
        value = value.get(step) if isinstance(value, dict) else value[int(step)] if step.isdigit() else None
    assert _STEP.sub("", path) == ""
    return "".join(f"/{step}" for step in steps)


def applied(value, receipts):
    """What receipts make of a value; RFC 6902 by the jsonpatch library."""
    for receipt in receipts:
        if receipt.path == "":
            value = receipt.after
        else:
            operation = {"op": receipt.op, "path": pointer(receipt.path, value), "value": receipt.after}
            value = jsonpatch.apply_patch(value, [operation])
    return value


@pytest.fixture(scope="session")
def compared(outcomes) -> list[Compared]:
    """Every outcome with its documents before and after."""
    before = {outcome.before.text(): None for outcome in outcomes}
    before = {text: documents(text) for text in before}
    return [
        Compared(outcome, before[outcome.before.text()], documents(outcome.result.release.text()))
        for outcome in outcomes
    ]


def test_untouched_documents_are_identical_and_in_place(compared):
    """A document without a receipt keeps each of its characters, and the order of the stream stays."""
    wrong = []
    for case in compared:
        kept = [key for key in case.new if key in case.old]
        same = all(case.new[key].text == case.old[key].text for key in kept if not case.receipts(key))
        if kept != list(case.old) or not same:
            wrong.append(str(case.outcome))

    assert wrong == []


def test_receipts_say_all_that_changed(compared):
    """The receipts of an object, applied to it as it came, give it as it went out: nothing else changed."""
    wrong = []
    for case in compared:
        for key, document in case.new.items():
            receipts = case.receipts(key)
            value = applied(
                case.old[key].value if key in case.old else None, [item for item in receipts if not item.file]
            )
            for file in {item.file for item in receipts if item.file}:
                value = {**value, "data": {**value["data"], file: document.value["data"][file]}}
            if value != document.value:
                wrong.append(f"{case.outcome}: {key}")

    assert wrong == []


def test_receipts_say_all_that_changed_in_nats_conf(compared):
    """The receipts inside nats.conf, applied to what it meant before, give what it means after."""
    wrong = []
    for case in compared:
        nats = case.outcome.result.nats
        key = (nats.config_map.key.kind, *nats.config_map.key[2:])
        before, after = (symbolic(read(side[key].value["data"]["nats.conf"])) for side in (case.old, case.new))
        if applied(before, [receipt for receipt in case.receipts(key) if receipt.file]) != after:
            wrong.append(str(case.outcome))

    assert wrong == []


def test_every_change_has_a_reason(outcomes):
    """No receipt is without a rule and a reason."""
    assert [
        receipt
        for outcome in outcomes
        for receipt in outcome.result.receipts
        if not receipt.rule.strip() or not receipt.why.strip()
    ] == []


def test_a_region_has_one_load_balancer_of_its_own(compared):
    """None in stage local; in the others one, for the gateway alone, that also sends to starting servers."""
    wrong = []
    for case in compared:
        name = case.outcome.result.nats.name
        ours = [
            (key[2], document.value["spec"].get("publishNotReadyAddresses"), ports(document))
            for key, document in case.new.items()
            if key[0] == "Service" and document.value["spec"].get("type") == "LoadBalancer" and case.receipts(key)
            if "nats" not in ports(document)
        ]
        expected = [] if case.outcome.stage == "local" else [(f"{name}-gateway", True, ["gateway"])]
        if ours != expected:
            wrong.append(f"{case.outcome}: {ours}")

    assert wrong == []


def ports(document) -> list[str]:
    """The names of a Service's ports."""
    return [port["name"] for port in document.value["spec"]["ports"]]


@pytest.mark.slow
def test_a_second_pass_changes_nothing(outcomes):
    """What was post-rendered, post-rendered again, is the same bytes."""
    assert [
        str(outcome) for outcome in outcomes if outcome.again().release.text() != outcome.result.release.text()
    ] == []
