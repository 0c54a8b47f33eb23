"""Odd manifests: whatever stands where something else is expected, lint says something or nothing, and never breaks."""

from __future__ import annotations

import random

import pytest
import yaml

from natsvalues.errors import NatsvaluesError
from natsvalues.lint.linter import lint
from natsvalues.lint.subject import Subject, clusters_of
from natsvalues.lint.topology import topology
from natsvalues.manifests.release import Release
from natsvalues.report.findings_text import findings_text
from natsvalues.report.topology_svg import topology_svg

JUNK = [None, [], {}, "", "x", 7, -1, True, [None], ["x"], {"a": None}, [{}], [[]], "7222", 1.5]
ROUNDS = 150


def judged(documents) -> None:
    """Lint the documents, and make every kind of report."""
    text = yaml.safe_dump_all(documents, sort_keys=False)
    release = Release(text, "odd.yaml")
    try:
        clusters = tuple(clusters_of(release, "odd", None, {}))
    except NatsvaluesError:
        return
    report = lint(Subject(None, {}, clusters, {"odd.yaml": text}))
    findings_text(report)
    topology_svg(topology(report))


@pytest.mark.helm
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["ConfigMap", "Service", "StatefulSet"])
def test_junk_anywhere(kind, spoiling, stand_in, examples, tmp_path):
    """In each field of each object that rules look at, one at a time; the first seed's choice of many."""
    subject = examples.subject("{}", stand_in, str(tmp_path))
    text = subject.texts["us-east.yaml"]
    documents = [item for item in yaml.safe_load_all(text) if item]
    dice = random.Random(kind)  # noqa: S311   # choices that can be made again
    spots = [
        (index, path)
        for index, document in enumerate(documents)
        if document["kind"] == kind
        for path in spoiling.places(document)
    ]
    for _ in range(ROUNDS):
        index, path = dice.choice(spots)
        odd = [*documents]
        odd[index] = spoiling.replaced(documents[index], path, dice.choice(JUNK))
        try:
            judged(odd)
        except Exception as error:
            error.add_note(f"{kind} {path}")
            raise


CONF = [("jetstream",), ("gateway",), ("gateway", "gateways"), ("gateway", "name"), ("gateway", "advertise")]
CONF += [("gateway", "tls"), ("gateway", "authorization"), ("cluster",), ("cluster", "routes"), ("cluster", "name")]
CONF += [("accounts",), ("system_account",), ("server_name",), ("http_port",), ("lame_duck_duration",), ("prof_port",)]
CONF += [("gateway", "port"), ("gateway", "listen"), ("jetstream", "domain"), ("jetstream", "store_dir")]


@pytest.mark.helm
@pytest.mark.parametrize("path", CONF, ids=".".join)
def test_junk_in_nats_conf(path, stand_in, examples, tmp_path):
    """Settings of another kind than the server takes."""
    for junk in ([], {}, "x", 7, True, ["x"], [{}], [{"name": 7}], [{"name": "a", "urls": 7}], {"user": []}):
        conf = junk
        for key in reversed(path):
            conf = {key: conf}
        example = yaml.safe_dump({"conf": conf})
        subject = examples.subject(example, stand_in, str(tmp_path))
        report = lint(subject)
        findings_text(report)
        topology_svg(topology(report))
