"""That Ready says nothing about JetStream: in the same words wherever somebody who upgrades a region looks."""

from __future__ import annotations

import json
import os
import re

import pytest

from natsvalues.overlays import stages
from natsvalues.supercluster.readiness import READY_WITHOUT_LEADER, WATCH, is_ready_without_leader, readiness_changes

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CASE = os.path.join(ROOT, "tests", "golden", "stage-join-seed")
WAITING = "container: {%s: {httpGet: {path: /healthz}}}"
WORDS = ["--region=us-east", f"--overlays={CASE}/overlays"]


@pytest.fixture
def rendering():
    """The chart's rendering, whose startup probe waits for a meta leader."""
    with open(os.path.join(CASE, "input.yaml"), encoding="utf-8") as file:
        return file.read()


def test_explain_and_the_reports_of_an_upgrade_say_the_same(run, rendering, tmp_path):
    """`explain` always; `diff` and a post-render only where the prior release's pods waited."""
    ours = run("natsvalues", "post-render", *WORDS, stdin=rendering, check=True).stdout
    for prior, is_new in ((rendering, True), (ours, False)):
        (tmp_path / "prior.yaml").write_text(prior)
        (tmp_path / "new.yaml").write_text(ours)
        words = ["post-render", *WORDS, "--prior=prior.yaml"]
        run("natsvalues", *words, stdin=rendering, cwd=tmp_path, check=True)
        last = json.loads(run("natsvalues", "last", "--json", check=True).stdout)
        diff = run("natsvalues", "diff", "prior.yaml", "new.yaml", "-o", "json", cwd=tmp_path, check=True).stdout
        noted = [(item["message"], item["help"]) for item in last["notices"] if item["message"] == READY_WITHOUT_LEADER]
        changed = [(item["message"], item["remedy"]) for item in _notes(json.loads(diff)) if item["id"] == "DI024"]

        assert noted == ([(READY_WITHOUT_LEADER, WATCH)] if is_new else [])
        assert changed == ([(READY_WITHOUT_LEADER, f"{WATCH[0].upper()}{WATCH[1:]}.")] if is_new else [])

        explained = json.loads(run("natsvalues", "explain", "--json", *WORDS, stdin=rendering, check=True).stdout)
        assert explained["guidance"].count(f"{READY_WITHOUT_LEADER}; {WATCH}") == 1
        assert [line for line in explained["guidance"] if line.endswith("natsvalues plan")]


def test_explain_names_the_setting_of_dns_where_servers_look_for_each_other(run, rendering):
    """Several servers ask DNS for each other; one asks for nobody."""
    for replicas, expected in ((3, 1), (1, 0)):
        text = rendering.replace("replicas: 3", f"replicas: {replicas}")
        explained = json.loads(run("natsvalues", "explain", "--json", *WORDS, stdin=text, check=True).stdout)

        assert sum("CoreDNS" in line for line in explained["guidance"]) == expected


def _notes(report):
    return [note for region in report.get("regions", [report]) for note in region["notes"]]


def test_the_sections_that_messages_name_are_there():
    """The alert, the setting of CoreDNS and what power cuts cost are in docs/stages.md."""
    with open(os.path.join(ROOT, "docs", "stages.md"), encoding="utf-8") as file:
        headings = {line[3:].strip() for line in file if line.startswith("## ")}
    with open(stages.__file__, encoding="utf-8") as file:
        texts = WATCH + re.sub(r'"\s+"', "", file.read())
    named = set(re.findall(r"(?:docs/stages\.md|`natsvalues docs stages`), section ([A-Z][^,]*),", texts))

    assert named == {"What Ready does not say", "How long a cold start takes", "Power cuts", "Secrets"}
    assert named <= headings


@pytest.mark.helm
@pytest.mark.parametrize(
    ("example", "expected"),
    [
        ("debug: false", True),
        (WAITING % "startupProbe", False),
        (WAITING % "readinessProbe", False),
        (WAITING % "livenessProbe", True),
        ("container: {image: 'nats:2.10.26-alpine'}", False),
        ("container: {image: 'nats:own-build'}", False),
        ("conf: {jetstream: null}", False),
        ("conf: {cluster: null, gateway: null}", False),
    ],
)
def test_which_pods_are_ready_without_a_leader(example_regions, stand_in, tmp_path, example, expected):
    """Those with a meta group whose startup and readiness probe certainly do not wait; a version may decide it."""
    state = example_regions.subject(example, stand_in, str(tmp_path)).states[0]

    assert is_ready_without_leader(state) is expected


@pytest.mark.helm
def test_a_change_of_readiness_needs_pods_that_waited(example_regions, stand_in, tmp_path):
    """Not a first installation, not the way back, and not from one leader-free path to another."""
    ours, waiting, other = (
        example_regions.subject(example, stand_in, str(tmp_path)).states[0]
        for example in ("debug: false", WAITING % "startupProbe", WAITING % "livenessProbe")
    )

    assert readiness_changes(waiting, ours)
    assert not any((readiness_changes(None, ours), readiness_changes(ours, waiting), readiness_changes(other, ours)))
