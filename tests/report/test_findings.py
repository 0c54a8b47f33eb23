"""Reports of findings: each valid in its own format, none with a secret in it."""

from __future__ import annotations

import json
import os
import re
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from natsvalues.lint.linter import lint
from natsvalues.lint.rules import RULES
from natsvalues.lint.subject import Subject, clusters_of
from natsvalues.manifests.release import Release
from natsvalues.overlays.starter import region_file, supercluster_file
from natsvalues.report.excerpt import safe_lines
from natsvalues.report.findings_github import findings_github
from natsvalues.report.findings_json import findings_json
from natsvalues.report.findings_markdown import findings_markdown
from natsvalues.report.findings_text import findings_text
from natsvalues.report.junit import junit
from natsvalues.report.sarif import sarif, uri

HERE = os.path.dirname(os.path.abspath(__file__))
NAME = 'rendered/us east,"1"%.yaml'
RENDERING = """\
---
# Source: nats/templates/config-map.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: nats-config}
data:
  nats.conf: |
    {
      "authorization": {
        "users": [
          {"user": "a",
           "password": "hunter2-a"},   # natsvalues: ignore SE003 it is a test
          {"user": "b", "password": "hunter2-b"}
        ]
      },
      "gateway": {
        "authorization": {"user": "gw", "password": "hunter2-c"},
        "gateways": [{"name": "eu|<b>", "urls": ["nats://gw:hunter2-d@localhost:7222"]}],
        "name": "us-east",
        "port": 7222
      },
      "jetstream": {"domain": "us", "key": "hunter2-e"},
      "http_port": 8222,
      "server_name": $SERVER_NAME
    }
---
apiVersion: v1
kind: Secret
metadata: {name: x}
stringData:
  token: hunter2-f
---
apiVersion: v1
kind: Service
metadata:
  name: nats-gateway
  annotations:
    example.com/api-key: hunter2-g
    service.beta.kubernetes.io/aws-load-balancer-proxy-protocol: "*"
    example.com/token: hunter2-h
spec:
  type: LoadBalancer
  selector: {app: nats}
  ports: [{name: gateway, port: 7222, targetPort: gateway}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: nats}
spec:
  serviceName: nats-headless
  template:
    metadata: {labels: {app: nats}}
    spec:
      containers:
      - name: nats
        args: [--config, /etc/nats-config/nats.conf]
        image: nats:2.14.2
        env:
        - name: POD_NAME
          valueFrom: {fieldRef: {fieldPath: metadata.name}}
        - name: TOKEN
          value: hunter2-i
        - {name: SERVER_NAME, value: $(POD_NAME)}
        - name: API_KEY
          value: hunter2-j
        ports: [{name: nats, containerPort: 4222}, {name: gateway, containerPort: 7222}]
        startupProbe: {httpGet: {path: /healthz, port: 8222}}
        volumeMounts: [{mountPath: /etc/nats-config, name: config}]
      volumes: [{name: config, configMap: {name: nats-config}}]
"""


@pytest.fixture(scope="module")
def report():
    """A report with findings of every severity, some ignored, on a rendering full of secrets."""
    clusters = clusters_of(Release(RENDERING, NAME), "us-east", None, {})
    found = lint(Subject(None, {}, tuple(clusters), {NAME: RENDERING}))
    assert {finding.severity for finding in found.findings} == {"error", "warning", "note"}
    assert [item.finding.rule.id for item in found.ignored] == ["SE003"]
    return found


FORMATS = {
    "text": findings_text,
    "json": findings_json,
    "sarif": sarif,
    "junit": lambda report: junit(report, "error"),
    "github": findings_github,
    "markdown": findings_markdown,
}


@pytest.mark.parametrize("name", FORMATS)
def test_no_report_holds_a_secret(name, report):
    """Neither in a message nor in the lines around a finding; and every finding is there."""
    text = FORMATS[name](report)

    assert "hunter2" not in text
    assert all(finding.rule.id in text for finding in report.findings)


def test_no_line_shown_holds_a_secret():
    """Whatever line a finding may be on."""
    for document in RENDERING.split("---\n"):
        assert "hunter2" not in "\n".join(safe_lines(document))


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["password", "token", "TOKEN", "api_key", "nkey", "seed", "client_secret"]),
    st.sampled_from(["{key}: {text}", '"{key}": "{text}"', "{key}: |\n  {text}", "- name: {key}\n  value: {text}"]),
    st.from_regex(r"[a-z]{4}[0-9]{8}", fullmatch=True),
)
def test_a_secret_is_hidden_wherever_its_name_tells(key, form, text):
    """In a scalar of any style, and in a named entry."""
    document = "kind: ConfigMap\ndata:\n" + "".join(
        f"  {line}\n" for line in form.format(key=key, text=text).split("\n")
    )

    assert text not in "\n".join(safe_lines(document))


@pytest.mark.parametrize("scope", ["supercluster", "region"])
def test_what_init_wrote_is_shown_and_what_people_add_is_not(scope):
    """Its comments say `seed` and name Secrets. The same words with anything else in the line stay hidden."""
    common = supercluster_file("acme", scope)
    texts = [common, *(region_file("us-east", scope, first=first) for first in (True, False))]
    assert [line for text in texts for line in safe_lines(text) if line not in text.split("\n")] == []
    for line in ("# authorization: {user: gateway, password: hunter2}", "# seed: hunter2", "# password is hunter2"):
        assert "hunter2" not in "\n".join(safe_lines(f"{common}{line}\n"))


def test_the_words_of_init_are_hidden_inside_a_secret():
    """A Secret's data is hidden whatever it says."""
    words = next(line for line in region_file("a", "supercluster", first=True).split("\n") if line.startswith("# seed"))
    lines = safe_lines(f"kind: Secret\nstringData:\n  text: |\n    {words}\n")
    assert words not in "\n".join(lines)
    assert words in safe_lines(f"{words}\nkind: Region\n")


def test_lines_around_a_finding_are_shown(report):
    """The line itself is marked, with its neighbours of the same document."""
    text = findings_text(report)

    shown = re.search(r"^> +(\d+) \| +startupProbe: .*$", text, re.MULTILINE)
    assert shown
    assert "startupProbe" in RENDERING.splitlines()[int(shown[1]) - 1]
    assert "(redacted)" in text


def test_sarif_is_valid(report):
    """By the schema of SARIF 2.1.0, and its rules are all there.

    The schema is that of SchemaStore, as the npm package @microsoft/jest-sarif 1.0.0-beta.0 (MIT) carries it.
    """
    with open(os.path.join(HERE, "sarif-2.1.0-rtm.5.json"), encoding="utf-8") as file:
        schema = json.load(file)
    content = json.loads(sarif(report))

    jsonschema.Draft4Validator(schema).validate(content)
    run = content["runs"][0]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [rule.id for rule in RULES]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        location = result["locations"][0]["physicalLocation"]
        assert location["artifactLocation"]["uri"] == "rendered/us%20east%2C%221%22%25.yaml"
        assert location["region"]["startLine"] >= 1
    suppressed = [result for result in run["results"] if "suppressions" in result]
    assert [result["ruleId"] for result in suppressed] == [item.finding.rule.id for item in report.ignored]


@pytest.mark.parametrize(
    ("file", "expected"),
    [("a/b.yaml", "a/b.yaml"), ("./a/b.yaml", "a/b.yaml"), ("/a b.yaml", "file:///a%20b.yaml"), ("ü", "%C3%BC")],
)
def test_files_become_uris(file, expected):
    """Relative to where lint ran, escaped."""
    assert uri(file) == expected


@pytest.mark.parametrize(("threshold", "severities"), [("error", {"error"}), ("note", {"error", "warning", "note"})])
def test_junit_fails_what_reaches_the_threshold(threshold, severities, report):
    """Read back by another reader: counts, failures and their texts."""
    root = ET.fromstring(junit(report, threshold))  # noqa: S314   # our own text
    suite = root[0]

    expected = {finding.rule.id for finding in report.findings if finding.severity in severities}
    failed = {case.get("name").split()[0] for case in suite if case.find("failure") is not None}
    assert failed == expected
    assert int(suite.get("failures")) == len(expected)
    assert int(suite.get("tests")) == len(report.rules) == len(list(suite))


def test_github_commands_are_one_line_each(report):
    """Properties and data are escaped as the runner unescapes them."""
    lines = findings_github(report).splitlines()

    assert len(lines) == len(report.findings)
    for line, finding in zip(lines, report.findings, strict=True):
        found = re.fullmatch(r"::(error|warning|notice) file=([^,:]+),line=(\d+),.*title=([^:]*)::(.*)", line)
        assert found
        assert found[2].replace("%2C", ",").replace("%3A", ":").replace("%25", "%") == NAME
        assert int(found[3]) == finding.where[0].line
        assert finding.rule.id in found[4]


def test_markdown_keeps_its_table(report):
    """Names with bars and brackets do not break rows."""
    rows = [line for line in findings_markdown(report).splitlines() if line.startswith("| ") and "---" not in line]

    assert len(rows) == len(report.findings) + 1
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 6 for row in rows)
    assert "<b>" not in findings_markdown(report)


def test_json_is_complete(report):
    """Every field of a finding, and the counts."""
    content = json.loads(findings_json(report))

    assert content["format"] == 1
    assert (
        len(content["findings"])
        == len(report.findings)
        == sum(content["summary"][severity] for severity in ("error", "warning", "note"))
    )
    assert [item["reason"] for item in content["ignored"]] == ["it is a test"] * len(report.ignored)
    for item in content["findings"]:
        assert item.keys() == {
            *("rule", "name", "severity", "message", "regions", "where", "help", "fix", "fingerprint"),
        }
