"""What renderings that natsvalues never touched deserve, exactly: each stored one, and the decoys of an umbrella."""

from __future__ import annotations

import os

import pytest

from natsvalues.lint.linter import lint
from natsvalues.lint.subject import Subject, clusters_of
from natsvalues.manifests.release import Release

VERSIONS = ("nats-1.2.11", "nats-1.3.16", "nats-2.14.2", "nats-2.14.2-helm4")
GATEWAY = {
    "error GW001 ConfigMap/nats-config nats.conf: gateway",
    "warning GW006 ConfigMap/nats-config nats.conf: gateway.reject_unknown_cluster",
    "note GW010 ConfigMap/nats-config nats.conf: gateway",
    "warning LB004 ConfigMap/nats-config nats.conf: gateway",
    "note NM004 StatefulSet/nats: spec.template.spec.containers[0].env[1].value",
}
HANDMADE = {
    "warning GW006 ConfigMap/nats-config nats.conf: gateway.reject_unknown_cluster",
    "note SE005 ConfigMap/nats-config nats.conf: gateway",
    "error JS001 ConfigMap/nats-config nats.conf: jetstream.domain",
    'warning LB021 Service/nats-gateway: metadata.annotations["service.beta.kubernetes.io/aws-load-balancer-type"]',
    "error LB001 Service/nats-gateway: spec.publishNotReadyAddresses",
    "error LB003 Service/nats: spec.ports[1]",
    "error PR001 StatefulSet/nats: spec.template.spec.containers[0].startupProbe.httpGet.path",
}
NOT_SPREAD = {"warning PL001 StatefulSet/nats: spec.template.spec"}
NO_CHECKSUM = {"warning HS003 StatefulSet/nats: spec.template.metadata.annotations"}
OLD_PROBES = {"error PR002 StatefulSet/nats: spec.template.spec.containers[0].readinessProbe.httpGet.path"}
OLD_PODS = {"note PR009 StatefulSet/nats: spec.template.spec.terminationGracePeriodSeconds"}
OLD_SERVER = {
    "note GW015 StatefulSet/nats: spec.template.spec.containers[0].image",
    "note GW016 StatefulSet/nats: spec.template.spec.containers[0].image",
}
EXPECTED = {
    "nats-1.2.11": (GATEWAY | OLD_PODS, HANDMADE | OLD_PROBES | OLD_PODS | OLD_SERVER),
    "nats-1.3.16": (GATEWAY, HANDMADE | OLD_SERVER),
    "nats-2.14.2": (GATEWAY | NO_CHECKSUM, HANDMADE | NO_CHECKSUM),
    "nats-2.14.2-helm4": (GATEWAY | NO_CHECKSUM, HANDMADE | NO_CHECKSUM),
}


def report_of(*path):
    """What lint finds in a file alone."""
    file = os.path.join(*path)
    with open(file, encoding="utf-8", newline="") as stream:
        release = Release(stream.read(), file)
    return lint(Subject(None, {}, tuple(clusters_of(release, "", None, {})), {file: release.text()}))


def told(report) -> list[str]:
    """Severity, rule and field of each finding."""
    return sorted(f"{finding.severity} {finding.rule.id} {finding.where[0].field}" for finding in report.findings)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_charts_own_gateway(version, rendered):
    """The chart's gateway switched on and nothing else."""
    assert told(report_of(rendered, version, "gateway.yaml")) == sorted(EXPECTED[version][0] | NOT_SPREAD)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_gateway_made_by_hand(version, rendered):
    """What people write by hand today: a domain per region, a shared load balancer, another without the flag."""
    assert told(report_of(rendered, version, "gateway-handmade.yaml")) == sorted(EXPECTED[version][1] | NOT_SPREAD)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("case", ["default", "ha"])
def test_a_cluster_without_gateway(version, case, rendered):
    """There is no supercluster to judge, but three servers may be on one node."""
    wanted = (OLD_PODS if version == "nats-1.2.11" else set()) | (NOT_SPREAD if case == "ha" else set())
    assert told(report_of(rendered, version, f"{case}.yaml")) == sorted(wanted)


@pytest.mark.parametrize("file", ["one", "one-helm4", "two"])
def test_decoys_have_no_finding(file, rendered):
    """Another StatefulSet with a probe on 8222, another nats.conf, another LoadBalancer: none is looked at.

    Where there are two NATS, the other one has three servers as well.
    """
    report = report_of(rendered, "umbrella", f"{file}.yaml")
    objects = {finding.where[0].field.split(":")[0].split()[0] for finding in report.findings}

    assert objects <= {"ConfigMap/plat-bus-config", "StatefulSet/plat-bus", "StatefulSet/plat-audit"}
    assert objects


def test_a_domain_that_others_share_is_none_of_the_regions_own(rendered):
    """Alone, a domain is the region's own if it is called so; not if the remotes are called so, too."""
    file = os.path.join(rendered, "nats-2.14.2", "gateway-handmade.yaml")
    with open(file, encoding="utf-8") as stream:
        text = stream.read().replace("eu-west", "acme-eu").replace("us-east", "acme-us").replace('"eu"', '"acme"')
    release = Release(text, file)
    report = lint(Subject(None, {}, tuple(clusters_of(release, "", None, {})), {}))

    assert "JS001" not in {finding.rule.id for finding in report.findings}


def test_places_are_exact(rendered):
    """The line and column of a finding are those of what it is about."""
    file = os.path.join(rendered, "nats-2.14.2", "gateway-handmade.yaml")
    with open(file, encoding="utf-8") as stream:
        lines = stream.read().splitlines()
    begins = {
        finding.rule.id: lines[finding.where[0].line - 1][finding.where[0].column - 1 :]
        for finding in report_of(file).findings
    }

    assert begins["JS001"] == '"domain": "eu",'
    assert begins["PR001"] == "/healthz"
    assert begins["LB021"] == "external"
    assert begins["LB001"] == "spec:"
    assert begins["LB003"] == "appProtocol: tcp"
