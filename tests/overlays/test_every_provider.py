"""Every provider profile in a whole release: its example gives one gateway Service, stable in a second pass."""

from __future__ import annotations

import os

import pytest
import yaml

from natsvalues.manifests.release import Release
from natsvalues.overlays.folder import load as load_overlays
from natsvalues.overlays.pipeline import render
from natsvalues.overlays.plan import plan
from natsvalues.providers import load, names

ROOT = os.path.join(os.path.dirname(__file__), "..", "..")
TLS = "config.gateway.tls.enabled=true,config.gateway.tls.secretName=gateway"
SETTINGS = f"config.cluster.enabled=true,config.jetstream.enabled=true,config.gateway.enabled=true,{TLS}"


@pytest.fixture(params=[8222, 8333])
def rendering(request, run, helm3, nats_chart):
    """A release as Helm 3 hands it over, with gateway TLS, and with the chart's monitoring port and another."""
    settings = f"{SETTINGS},config.monitor.port={request.param}"
    return run(helm3, "template", "nats", nats_chart, "--set", settings).stdout


@pytest.mark.helm
def test_every_provider_gives_one_gateway_service(rendering):
    """Whatever the annotations: one Service for the gateway, reachable while servers start, and stable."""
    overlays = load_overlays(os.path.join(ROOT, "charts", "overlays"))
    file = overlays.regions["us-east"]
    for name in names():
        port = 443 if name == "openshift-route-passthrough" else None
        region = file.region._replace(
            load_balancer=load(name).example._replace(provider=name), gateway=file.region.gateway._replace(port=port)
        )
        region_plan = plan(
            overlays._replace(regions={**overlays.regions, "us-east": file._replace(region=region)}), "us-east"
        )

        text = render(Release(rendering), region_plan).release.text()

        found = [item for item in yaml.safe_load_all(text) if item["metadata"]["name"] == "nats-gateway"]
        assert [item["kind"] for item in found] == (["Service", "Route"] if port else ["Service"]), name
        assert found[0]["spec"]["publishNotReadyAddresses"] is True, name
        assert found[0]["spec"]["type"] == ("ClusterIP" if port else "LoadBalancer"), name
        assert text == render(Release(text), region_plan).release.text(), name
