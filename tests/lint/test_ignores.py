"""Findings that people decided to live with: by a comment or an overlay field, with a reason; severities."""

from __future__ import annotations

import pytest

from natsvalues.errors import NatsvaluesError
from natsvalues.lint.ignores import Comment, comments
from natsvalues.lint.linter import lint
from natsvalues.lint.subject import Subject, clusters_of
from natsvalues.manifests.release import Release

pytestmark = pytest.mark.helm
PROBE = "startupProbe:\n"


@pytest.fixture
def dialling(stand_in, examples):
    """The chart's rendering with its gateway on, and a remote: a cold start hangs on its startup probe."""
    remotes = {"gateway": {"gateways": [{"name": "eu-west", "url": "nats://gw.example.com:7222"}]}}
    return examples.changed(Release(stand_in.gateway, "nats.yaml"), {"conf": remotes}).text()


def alone(text):
    """What lint finds in one rendering."""
    release = Release(text, "nats.yaml")
    return lint(Subject(None, {}, tuple(clusters_of(release, "us-east", None, {})), {"nats.yaml": text}))


def ids(report) -> list[str]:
    """The ids of the findings that count."""
    return sorted(finding.rule.id for finding in report.findings)


COMMENTS = {
    "behind the value": ("path: /healthz\n", "path: /healthz  # natsvalues: ignore PR001 rehearsed by hand\n"),
    "on the line above": (
        "path: /healthz\n",
        "# natsvalues: ignore PR001 rehearsed by hand\n            path: /healthz\n",
    ),
    "by name": (
        "path: /healthz\n",
        "path: /healthz # natsvalues: ignore startup-probe-waits-for-leader rehearsed by hand\n",
    ),
    "with a second comment between": (
        "path: /healthz\n",
        "# natsvalues: ignore PR001 rehearsed by hand\n            # as the chart has it\n            path: /healthz\n",
    ),
    "on top of the document": (
        "# Source: nats/templates/stateful-set.yaml\n",
        "# Source: nats/templates/stateful-set.yaml\n# natsvalues: ignore PR001,HS003 rehearsed by hand\n",
    ),
}


@pytest.mark.parametrize("case", COMMENTS)
def test_a_comment_ignores_a_finding(case, dialling):
    """It is told with its reason, and does not count."""
    assert "PR001" in ids(alone(dialling))
    old, new = COMMENTS[case]
    assert old in dialling

    report = alone(dialling.replace(old, new, 1))

    assert "PR001" not in ids(report)
    assert {(item.reason, item.in_text) for item in report.ignored} == {("rehearsed by hand", True)}


def test_a_comment_counts_for_its_place_only(dialling):
    """Another line, another rule and another file keep their findings."""
    here = dialling.replace("path: /healthz\n", "path: /healthz # natsvalues: ignore GW001 mistaken\n", 1)
    assert {"PR001", "GW001"} <= set(ids(alone(here)))


def test_a_comment_inside_nats_conf(stand_in):
    """The server's own file has comments, too."""
    old = '"gateway": {\n'
    assert old in stand_in.gateway
    new = '# natsvalues: ignore GW001,LB004 nobody dials it\n      "gateway": {\n'
    report = alone(stand_in.gateway.replace(old, new, 1))

    assert "GW001" not in ids(report)
    assert sorted(item.finding.rule.id for item in report.ignored) == ["GW001", "LB004"]


@pytest.mark.parametrize(
    ("comment", "code", "line"),
    [
        ("# natsvalues: ignore PR001", "NV-L003", 2),
        ("# natsvalues: ignore", "NV-L003", 2),
        ("# natsvalues: ignore PR0001 because", "NV-L002", 2),
        ("# natsvalues: ignore PR001, GW001 because", None, 2),
        ("# natsvalues: ignore PR001 , GW001", "NV-L003", 2),
    ],
)
def test_a_comment_needs_a_rule_and_a_reason(comment, code, line):
    """Anything else is an error with its place."""
    text = f"a: b\n{comment}\nc: d\n"
    if code is None:
        assert comments({"x.yaml": text}) == [Comment("x.yaml", 2, 3, ("PR001", "GW001"), "because")]
        return
    with pytest.raises(NatsvaluesError) as caught:
        comments({"x.yaml": text})
    assert (caught.value.code, caught.value.where[0].line) == (code, line)


OVERLAY = "lint: {ignore: [{rule: SE001, reason: behind a firewall}], severity: {LB002: error}}"
EXPOSED = "clients: {spec: {type: LoadBalancer, publishNotReadyAddresses: true, ports: [{name: monitor, port: 8222}]}}"
BOTH = "clients: {spec: {type: LoadBalancer, publishNotReadyAddresses: true, ports: [{port: 4222}, {port: 8222}]}}"


def reports(example, stand_in, examples, tmp_path, **more):
    """The report of an example, with overlays."""
    return lint(examples.subject(example, stand_in, str(tmp_path)), **more)


def test_a_region_ignores_for_itself(stand_in, examples, tmp_path):
    """The other region's finding stays."""
    report = reports(f"{BOTH}\nus-east: {{overlay: {{{OVERLAY}}}}}", stand_in, examples, tmp_path)

    assert [(item.rule.id, item.regions) for item in report.findings if item.rule.id == "SE001"] == [
        ("SE001", ("eu-west",))
    ]
    assert [(item.reason, item.finding.regions, item.in_text) for item in report.ignored] == [
        ("behind a firewall", ("us-east",), False)
    ]
    severities = {item.regions: item.severity for item in report.findings if item.rule.id == "LB002"}
    assert severities == {("us-east",): "error", ("eu-west",): "warning"}


def test_the_supercluster_ignores_for_all(stand_in, examples, tmp_path):
    """And a severity given on the command line wins over both."""
    example = f"{BOTH}\nsupercluster: {{{OVERLAY}}}"
    report = reports(example, stand_in, examples, tmp_path, severities={"LB002": "note"})

    assert len(report.ignored) == 2
    assert {item.severity for item in report.findings if item.rule.id == "LB002"} == {"note"}


@pytest.mark.parametrize(
    ("lint_section", "code", "field"),
    [
        ("{ignore: [{rule: SE999, reason: a}]}", "NV-L002", "lint.ignore[0].rule"),
        ("{severity: {SE001: fatal}}", "NV-L004", "lint.severity.SE001"),
        ("{severity: {SE999: note}}", "NV-L002", "lint.severity.SE999"),
    ],
)
def test_wrong_choices_are_errors(lint_section, code, field, stand_in, examples, tmp_path):
    """An unknown rule or severity in an overlay is told with its field."""
    with pytest.raises(NatsvaluesError) as caught:
        reports(f"us-east: {{overlay: {{lint: {lint_section}}}}}", stand_in, examples, tmp_path)
    assert (caught.value.code, caught.value.where[0].field) == (code, field)


@pytest.mark.parametrize("reason", ["", " ", None])
def test_an_ignore_without_reason_is_no_overlay(reason, stand_in, examples, tmp_path):
    """The reader of overlays asks for it."""
    written = "" if reason is None else f", reason: '{reason}'"
    with pytest.raises(NatsvaluesError) as caught:
        reports(f"us-east: {{overlay: {{lint: {{ignore: [{{rule: SE001{written}}}]}}}}}}", stand_in, examples, tmp_path)
    assert caught.value.code == "NV-O001"


def test_lint_does_not_change_what_is_rendered(stand_in, examples, tmp_path):
    """The digest that stamps a rendering is the same with and without a lint section."""
    plain = examples.subject("{}", stand_in, str(tmp_path / "plain"))
    decided = examples.subject(f"overlay: {{{OVERLAY}}}\nsupercluster: {{{OVERLAY}}}", stand_in, str(tmp_path / "more"))

    assert {name: plan.digest for name, plan in plain.plans.items()} == {
        name: plan.digest for name, plan in decided.plans.items()
    }
