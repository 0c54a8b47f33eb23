"""Strict validation by the real API server of everything we inject, for every provider, and other judges."""

from __future__ import annotations

import os
import subprocess

import pytest
import yaml

from natsvalues.manifests.release import Release
from natsvalues.manifests.transitions import refusals
from natsvalues.overlays.folder import load as load_overlays
from natsvalues.overlays.pipeline import render
from natsvalues.overlays.plan import plan
from natsvalues.providers import load, names

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
TLS = "config.gateway.tls.enabled=true,config.gateway.tls.secretName=gateway"
SETTINGS = f"config.cluster.enabled=true,config.jetstream.enabled=true,config.gateway.enabled=true,{TLS}"
STRICT = {"fieldManager": "helm", "fieldValidation": "Strict", "force": "true"}
APPLY = "application/apply-patch+yaml"
ROUTE = "openshift-route-passthrough"


@pytest.fixture(scope="module")
def rendering(helm3, nats_chart, tmp_path_factory):
    """A release as Helm 3 hands it over, with gateway TLS."""
    done = subprocess.run(
        [helm3, "template", "nats", nats_chart, "--set", SETTINGS],
        capture_output=True, text=True, check=True, timeout=30, env={"HOME": str(tmp_path_factory.mktemp("home"))},
    )  # fmt: skip
    return done.stdout


def injected(rendering, provider, *, per_pod=False):
    """What natsvalues injects for a provider's example: one Service or one for each pod, and perhaps a Route."""
    overlays = load_overlays(os.path.join(ROOT, "charts", "overlays"))
    file = overlays.regions["us-east"]
    balancer = load(provider).example._replace(provider=provider, per_pod=per_pod or None)
    gateway = file.region.gateway._replace(
        port=443 if provider == ROUTE else None, host="{pod}.example.com" if per_pod else file.region.gateway.host
    )
    region = file.region._replace(
        load_balancer=balancer, gateway=gateway, nats=file.region.nats._replace(name="nats"), servers=3
    )
    changed = overlays._replace(regions={**overlays.regions, "us-east": file._replace(region=region)})
    result = render(Release(rendering), plan(changed, "us-east"))
    return [added.manifest.value for added in result.release.added.values()]


@pytest.fixture
def strictly(foreign_kinds, namespace):
    """Apply an object with strict validation: `strictly(value)`; status and answer. Routes are known."""
    assert "Route" in foreign_kinds

    def apply(value, **query):
        path = namespace.path(value["kind"], value["metadata"]["name"], **STRICT, **query)
        return namespace.cluster.request("PATCH", path, value, content=APPLY)

    return apply


@pytest.mark.helm
@pytest.mark.parametrize("per_pod", [False, True], ids=["one-service", "service-per-pod"])
def test_every_providers_objects_are_valid(namespace, per_pod, rendering, strictly):
    """No unknown field, no bad value, in either variant; made for real, because a dry run does not see all."""
    for provider in names():
        kinds = []
        for value in injected(rendering, provider, per_pod=per_pod):
            status, told = strictly(value)
            assert status in (200, 201), f"{provider}: {told}"
            kinds.append(value["kind"])
            namespace.delete(value["kind"], value["metadata"]["name"])
        assert kinds == ["Service"] * (3 if per_pod else 1) + ["Route"] * (provider == ROUTE), provider


def test_strict_validation_would_see_a_mistake(strictly):
    """A field that Services or Routes do not have is refused, so what was accepted above has none."""
    for kind, version in (("Service", "v1"), ("Route", "route.openshift.io/v1")):
        value = {"apiVersion": version, "kind": kind, "metadata": {"name": "a"}, "spec": {"loadBalancerKlass": "a"}}
        status, told = strictly(value)
        assert status >= 400, told
        assert "loadBalancerKlass" in told["message"]


@pytest.mark.helm
def test_from_every_provider_to_every_other_the_server_and_we_agree(namespace, rendering, strictly):
    """The server takes the change of a live Service exactly if we have nothing against it."""
    services = {provider: injected(rendering, provider)[0] for provider in names()}
    disagreed, refused = [], 0
    for old in names():
        status, live = strictly(services[old])
        assert status == 201, live
        for new in names():
            status, told = strictly(services[new], dryRun="All")
            expected = bool(refusals(services[old], services[new]))
            if expected != bool(refusals(live, services[new])) or (status == 422) != expected:
                disagreed.append((old, new, told))
            refused += status == 422
        namespace.delete("Service", "nats-gateway")
    assert disagreed == []
    assert 0 < refused < len(names()) ** 2 / 2


@pytest.mark.helm
@pytest.mark.kubectl
@pytest.mark.parametrize("major", [3, 4], ids=["helm3", "helm4"])
def test_other_judges_take_what_comes_out(helm, kubectl_on, major, namespace, nats_chart, overlays, tmp_path):
    """Dry runs on the server of helm and of kubectl (strict), and kubectl kustomize, for every stage."""
    dry = "--dry-run=server"
    for stage in ("local", "expose", "join"):
        keywords = {"region": "us-east", "overlays": overlays(stage)}
        words = ("template", "nats", nats_chart, "--set", SETTINGS)
        checked = helm(major, *words, "--validate" if major == 3 else dry, **keywords).stdout
        assert helm(major, "install", *words[1:], dry, **keywords).returncode == 0
        folder = tmp_path / f"{stage}-{major}"
        folder.mkdir()
        (folder / "all.yaml").write_text(checked)
        (folder / "kustomization.yaml").write_text("resources: [all.yaml]\n")
        built = kubectl_on("kustomize", str(folder)).stdout
        assert by_name(built) == by_name(checked)
        kubectl_on("apply", dry, "--validate=strict", "-f", "-", stdin=checked)
        kubectl_on("apply", dry, "--server-side", "-f", "-", stdin=built)
    assert namespace.versions() == {}


def by_name(text):
    """Objects by kind and name."""
    return {(item["kind"], item["metadata"]["name"]): item for item in yaml.safe_load_all(text) if item}
