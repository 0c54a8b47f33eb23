"""docs/delivery.md: every change of delivery, with both helms, and the gateway's Service stays the same object.

Flux and Argo CD are not here. What they apply is applied in the same way, with their marks and under their names.
"""

from __future__ import annotations

import os
import re

import pytest
import yaml

pytestmark = [pytest.mark.helm, pytest.mark.kubectl]

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_BLOCK = re.compile(r"^```sh (\S+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
VALUES = {
    "config": {"cluster": {"enabled": True}, "jetstream": {"enabled": True}},
    "podTemplate": {"configChecksumAnnotation": True},
}
FLUX = {f"kustomize.toolkit.fluxcd.io/{name}": text for name, text in {"name": "nats", "namespace": "flux"}.items()}
RENDERER = """\
#!/bin/sh
set -e
cd %s
cat >all.yaml
kustomize build .
"""


@pytest.fixture
def major(request):
    """Which helm a test runs, 3 or 4."""
    return request.param


class Place:
    """A folder of a user's, in which the commands of the page are run against the test's namespace."""

    def __init__(self, folder, chart, namespace, shell):
        self.folder, self.chart, self.namespace, self.shell = folder, chart, namespace, shell
        with open(os.path.join(ROOT, "docs", "delivery.md"), encoding="utf-8") as file:
            self.blocks = dict(_BLOCK.findall(file.read()))

    def follow(self, mark, check=True):
        """Run the block with this mark."""
        return self.run(self.blocks[mark], check=check)

    def run(self, text, check=True):
        """Run commands, written for the chart's repository and the namespace `nats`."""
        for was, is_now in (
            (" --version 2.14.2", ""), (" --chart-version 2.14.2", ""), ("nats/nats", self.chart),
            ("-n nats", f"-n {self.namespace}"), ("release-namespace=nats", f"release-namespace={self.namespace}"),
        ):  # fmt: skip
            text = text.replace(was, is_now)
        return self.shell("sh", "-euc", text, cwd=self.folder, check=check)

    def service(self):
        """The gateway's Service: its UID and its addresses."""
        value = self.namespace.get("Service", "nats-gateway")
        return value["metadata"]["uid"], value["status"]["loadBalancer"]


@pytest.fixture
def place(major, request, kubectl, kustomize, kubeconfig, helm4_plugins, nats_chart, namespace, run, load_module,
          overlays, isolated_env, tmp_path):  # fmt: skip
    """The folder, with a release by the post-renderer that has an address."""
    helm = request.getfixturevalue(f"helm{major}")
    walkthrough = load_module(os.path.join(ROOT, "tests", "walkthrough.py"))
    programs = {"helm": helm, "kubectl": kubectl, "kustomize": kustomize}
    path = walkthrough.with_programs(str(tmp_path / "bin"), programs, isolated_env["PATH"])
    env = {"PATH": path, "KUBECONFIG": kubeconfig, "KUBECTL": kubectl, "HELM_BIN": helm}
    env |= {"NATSVALUES_OVERLAYS": overlays("join")} | ({"HELM_PLUGINS": helm4_plugins} if major == 4 else {})
    (tmp_path / "values.yaml").write_text(yaml.safe_dump(VALUES))

    def shell(*words, **keywords):
        return run(*words, env=env | keywords.pop("env", {}), timeout=120, **keywords)

    here = Place(tmp_path, nats_chart, namespace, shell)
    here.run(here.blocks["to-post-renderer"].replace("upgrade", "upgrade --install"))
    namespace.give_address("nats-gateway", ip="192.0.2.10")
    return here


def flux(place, major, namespace, load_module):
    """What Flux does with the files of the export: apply the Service, then upgrade with the patches."""
    with open(place.folder / "flux" / "gateway.yaml", encoding="utf-8") as file:
        value = yaml.safe_load(file)
    value["metadata"]["labels"] |= FLUX
    value["metadata"]["namespace"] = namespace.name
    status, told = namespace.cluster.request(
        "PATCH", namespace.path("Service", "nats-gateway", fieldManager="kustomize-controller", force="true"), value,
        content="application/apply-patch+yaml",
    )  # fmt: skip
    assert status in (200, 201), told
    with open(place.folder / "flux" / "helmrelease.yaml", encoding="utf-8") as file:
        [renderer] = yaml.safe_load(file)["spec"]["postRenderers"]
    build = place.folder / "build"
    build.mkdir(exist_ok=True)
    origin = {f"helm.toolkit.fluxcd.io/{name}": "nats" for name in ("name", "namespace")}
    built = {"resources": ["all.yaml"], "labels": [{"pairs": origin}], **renderer["kustomize"]}
    (build / "kustomization.yaml").write_text(yaml.safe_dump(built))
    program = place.folder / "patches.sh"
    program.write_text(RENDERER % build)
    program.chmod(0o700)
    name = str(program)
    if major == 4:
        plugins = str(place.folder / "flux-plugins")
        name = load_module(os.path.join(ROOT, "tests", "replay.py")).write_plugin(plugins, "patches", name)
    words = f"helm upgrade nats nats/nats -n nats -f values.yaml --post-renderer {name}"
    place.run(words if major == 3 else f"HELM_PLUGINS={place.folder}/flux-plugins {words}")


@pytest.mark.parametrize("major", [3, 4], indirect=True)
def test_a_region_goes_through_every_delivery(place, major, namespace, load_module):
    """Post-renderer, values, Flux' export, post-renderer, Argo CD, post-renderer: one Service, with one address."""
    before = place.service()
    assert before[0] in place.follow("look").stdout

    if major == 4:  # with Helm 3 on real nodes: docs/kubernetes.md
        place.follow("to-values")
        assert place.service() == before

    place.follow("to-flux")
    flux(place, major, namespace, load_module)
    assert place.service() == before
    assert "name: nats-gateway" not in place.run("helm get manifest nats -n nats").stdout
    live = namespace.get("Service", "nats-gateway")["metadata"]
    assert live["annotations"]["kustomize.toolkit.fluxcd.io/prune"] == "disabled"
    place.run("natsvalues diff nats nats/nats -n nats -f values.yaml --region=us-east --live --fail-on none")

    place.run("kubectl annotate service nats-gateway -n nats meta.helm.sh/release-name-")  # as if Flux had made it
    refused = place.follow("to-post-renderer", check=False)
    assert refused.returncode != 0
    assert "exists and cannot be imported into the current release: invalid ownership metadata" in refused.stderr
    place.follow("from-flux")
    place.follow("to-post-renderer")
    assert place.service() == before
    assert "name: nats-gateway" in place.run("helm get manifest nats -n nats").stdout

    pods = namespace.get("StatefulSet", "nats")["spec"]["template"]
    argo_cd(place, namespace)
    place.follow("forget")
    assert namespace.stored("nats") == []
    assert place.service() == before
    place.follow("adopt")
    assert namespace.stored("nats") == [1]
    assert place.service() == before
    assert namespace.get("StatefulSet", "nats")["spec"]["template"] == pods


def argo_cd(place, namespace):
    """What Argo CD does: apply what is rendered over the objects, with its mark."""
    rendered = place.run(
        "helm template nats nats/nats -n nats -f values.yaml --no-hooks | natsvalues post-render --region=us-east"
    ).stdout
    objects = [value for value in yaml.safe_load_all(rendered) if value]
    for value in objects:
        mark = f"nats:/{value['kind']}:{namespace}/{value['metadata']['name']}"
        value["metadata"].setdefault("annotations", {})["argocd.argoproj.io/tracking-id"] = mark
    (place.folder / "argocd.yaml").write_text(yaml.safe_dump_all(objects))
    place.run("kubectl apply -n nats -f argocd.yaml")


@pytest.mark.parametrize("major", [4], indirect=True)
def test_helm_deletes_what_leaves_a_release_unless_it_is_kept(place, namespace):
    """Why the exported Service has the annotation; by hand it has the same effect."""
    plain = "helm upgrade nats nats/nats -n nats -f values.yaml"
    place.follow("keep")
    before = place.service()
    place.run(plain)
    assert place.service() == before
    place.follow("to-post-renderer")
    place.run("kubectl annotate service nats-gateway -n nats helm.sh/resource-policy-")
    place.run(plain)
    assert namespace.get("Service", "nats-gateway") is None


@pytest.mark.parametrize("major", [3], indirect=True)
def test_an_address_that_outlives_its_release(place, namespace, overlays):
    """The patch of the page: Helm leaves the Service, and a release of the same name takes it up again."""
    with open(os.path.join(ROOT, "docs", "delivery.md"), encoding="utf-8") as file:
        [patch] = re.findall(r"^```yaml\n(patches:.*?)^```", file.read(), re.MULTILINE | re.DOTALL)
    folder = overlays("join", {"us-east": yaml.safe_load(patch)})
    before = place.service()
    kept = place.blocks["to-post-renderer"].replace("--region=us-east", f"--region=us-east,--overlays={folder}")
    kept = kept.replace(",--overlays", " --post-renderer-args --overlays")
    place.run(kept)
    place.run("helm uninstall nats -n nats")
    assert namespace.get("StatefulSet", "nats") is None
    assert place.service() == before
    place.run(kept.replace("upgrade", "upgrade --install"))
    assert place.service() == before
