"""A provider is one YAML file: what it states is understood by render, lint, diff and rehearse, without Python."""

import os
import shutil
import subprocess

import pytest
import yaml

from natsvalues.diff.changes import About
from natsvalues.diff.impact import judge
from natsvalues.diff.impact.context import Decision
from natsvalues.diff.releases import Comparison
from natsvalues.diff.sides import Side
from natsvalues.lint.linter import lint
from natsvalues.lint.subject import Subject, clusters_of
from natsvalues.manifests.release import Release
from natsvalues.overlays.folder import load as load_overlays
from natsvalues.overlays.pipeline import render
from natsvalues.overlays.plan import plan
from natsvalues.providers import names, profile
from natsvalues.providers.load_balancer import LoadBalancer
from natsvalues.rehearsal.reading import read_rendering

pytestmark = pytest.mark.helm
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SCRATCH = """\
id: acme
title: Acme Cloud
verified: unverified
sources: [none]
health:
  onMonitor: always
  how: "HTTP on the pod's monitor port."
inputs:
  scheme: {doc: The side it is on.}
  addresses: {doc: The address., most: 1}
rules:
  - annotations:
      lb.acme.example/side: "{scheme}"
      lb.acme.example/floating: "{addresses}"
      lb.acme.example/probe-how: "{health_protocol}"
      lb.acme.example/probe-where: "{health_port}"
      lb.acme.example/probe-what: "{health_path}"
      lb.acme.example/probe-seconds: "7"
check: {targets: pods, port: traffic}
meanings:
  lb.acme.example/side: {means: scope, internal: [internal]}
  lb.acme.example/floating: {means: address}
  lb.acme.example/probe-how: {means: checkProtocol}
  lb.acme.example/probe-where: {means: checkPort}
  lb.acme.example/probe-what: {means: checkPath}
  lb.acme.example/probe-seconds: {means: checkInterval}
  lb.acme.example/sender-header: {means: proxyProtocol}
example:
  scheme: internal
  addresses: [192.0.2.10]
"""
PATH = "/healthz?js-server-only=true"


@pytest.fixture
def acme(tmp_path, monkeypatch):
    """The packaged profiles with one file more."""
    for name in os.listdir(profile.FOLDER):
        if name.endswith(".yaml"):
            shutil.copy(os.path.join(profile.FOLDER, name), tmp_path)
    (tmp_path / "acme.yaml").write_text(SCRATCH, encoding="utf-8")
    monkeypatch.setattr(profile, "FOLDER", str(tmp_path))
    assert "acme" in names()


@pytest.fixture(scope="module")
def chart(helm3, nats_chart):
    """The chart's rendering: clustered, with JetStream."""
    settings = "config.cluster.enabled=true,config.jetstream.enabled=true"
    command = [helm3, "template", "nats", nats_chart, "--set", settings]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def rendered(chart, **fields) -> str:
    """The release post-rendered with the scratch provider."""
    overlays = load_overlays(os.path.join(ROOT, "charts", "overlays"))
    file = overlays.regions["us-east"]
    balancer = LoadBalancer(provider="acme", **{"scheme": "internal", "addresses": ("192.0.2.10",), **fields})
    region = file.region._replace(load_balancer=balancer)
    overlays = overlays._replace(regions={**overlays.regions, "us-east": file._replace(region=region)})
    return render(Release(chart), plan(overlays, "us-east")).release.text()


def service_of(text):
    """The gateway's Service."""
    return next(item for item in yaml.safe_load_all(text) if item["metadata"]["name"] == "nats-gateway")


def annotated(text, **annotations) -> str:
    """The release with annotations of the scratch provider set on the gateway's Service."""
    objects = list(yaml.safe_load_all(text))
    (service,) = (item for item in objects if item["metadata"]["name"] == "nats-gateway")
    spelled = {f"lb.acme.example/{key.replace('_', '-')}": value for key, value in annotations.items()}
    service["metadata"]["annotations"] |= spelled
    return yaml.safe_dump_all(objects)


def rules(text) -> set[str]:
    """The rules on load balancers that report a release."""
    clusters = tuple(clusters_of(Release(text, "us-east.yaml"), "us-east", None, {}))
    report = lint(Subject(None, {}, clusters, {}))
    return {item.rule.id for item in report.findings if item.rule.id.startswith("LB")}


def levels(old, new) -> set[str]:
    """The levels of what differs between two releases."""
    comparison = Comparison(*(Side(About(name), Release(text, name)) for name, text in (("old", old), ("new", new))))
    judged, notes = judge(comparison, Decision("", ""))
    diff = comparison.diff(judged, notes)
    return {change.impact.level for item in diff.objects for change in item.changes if not change.derived}


@pytest.mark.usefixtures("acme")
def test_a_provider_is_one_file(chart):
    """All four verbs."""
    text = rendered(chart)

    assert service_of(text)["metadata"]["annotations"]["lb.acme.example/floating"] == "192.0.2.10"

    assert rules(text) == set()
    assert rules(annotated(text, probe_what="/healthz")) == {"LB011", "LB014"}
    assert rules(annotated(text, probe_where="7222")) == {"LB013"}
    assert rules(annotated(text, sender_header="on")) == {"LB005"}

    assert levels(text, rendered(chart, addresses=("192.0.2.77",))) == {"outage"}
    assert levels(text, annotated(text, side="outside")) == {"exposure"}
    assert levels(text, annotated(text, probe_what="/healthz")) == {"deadlock"}
    assert levels(text, annotated(text, probe_seconds="30")) == {"reload"}

    (balancer,) = read_rendering(text, "us-east.yaml").balancers
    assert "192.0.2.10" in balancer.hosts
    assert (balancer.check.path, balancer.check.port, balancer.check.interval) == (PATH, 8222, 7)


@pytest.mark.usefixtures("acme")
def test_what_would_break_the_gateway_is_refused(chart):
    """Whoever writes it: the profile states that it is PROXY protocol."""
    with pytest.raises(Exception, match="PROXY"):
        rendered(chart, annotations={"lb.acme.example/sender-header": "v2"})
