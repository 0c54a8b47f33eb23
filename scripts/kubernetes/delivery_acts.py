"""The acts in which a region changes its delivery, as docs/delivery.md has it; kubectl stands in for Flux."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import replay  # from tests
import yaml
from acts import ActError, call_helm, charts_installed, take_release

from natsvalues.outside import installing, user_programs
from natsvalues.outside.helms import HELM_4
from natsvalues.rehearsal.staged import folder_with_stages

if TYPE_CHECKING:
    from acts import Play
    from regions import Regions

    from natsvalues.rehearsal.cluster_stage import ClusterStage

GATEWAY = "service/nats-gateway"


async def _values_and_back(_: Regions, stage: ClusterStage) -> None:
    """One region from the post-renderer to values, and back, as docs/delivery.md has it."""
    await stage.warm_up()
    stage.ledger.keep_publishing()
    region = stage.chosen
    chart, before = charts_installed(stage)[region], await _gateway(stage, region)
    stage.phase(f"{region} by values")
    values = os.path.join(stage.folder, "by-values.yaml")
    given = [word for path in chart.values for word in ("-f", path)]
    await _natsvalues(stage, "values", region, f"--chart={chart.chart}", *given, f"--output={values}")
    await call_helm(stage, region, "upgrade", stage.world.sites[region].release, chart.chart, "-f", values)
    await take_release(stage, region)
    await stage.rolled_out(region)
    await stage.converged()
    await _require_gateway(stage, region, before)
    await _post_rendered_again(stage, region, before)


async def _flux_and_back(_: Regions, stage: ClusterStage) -> None:
    """One region from the post-renderer to what Flux applies, and back; its Service leaves the release and returns."""
    await stage.warm_up()
    stage.ledger.keep_publishing()
    region = stage.chosen
    site, chart, before = stage.world.sites[region], charts_installed(stage)[region], await _gateway(stage, region)
    given = [word for path in chart.values for word in ("-f", path)]
    stage.phase(f"{region} with the gateway's Service beside the release")
    rendering, folder = os.path.join(stage.folder, "plain.yaml"), os.path.join(stage.folder, "flux")
    _write(rendering, await call_helm(stage, region, "template", site.release, chart.chart, *given))
    await _natsvalues(stage, "export", "flux", region, rendering, f"--output={folder}")
    gateway = os.path.join(folder, "gateway.yaml")
    manager = ("--server-side", "--force-conflicts", "--field-manager=kustomize-controller")
    await stage.world.kubectl(region, "apply", *manager, "-f", gateway)
    patches, environment = _patches(stage, folder)
    await call_helm(stage, region, "upgrade", site.release, chart.chart, *given, *patches, environment=environment)
    await take_release(stage, region, beside="---\n" + _read(gateway))
    await stage.rolled_out(region)
    await stage.converged()
    await _require_gateway(stage, region, before)
    marks = (f"meta.helm.sh/release-name={site.release}", f"meta.helm.sh/release-namespace={site.namespace}")
    await stage.world.kubectl(region, "annotate", GATEWAY, *marks, "--overwrite")
    await stage.world.kubectl(region, "label", GATEWAY, "app.kubernetes.io/managed-by=Helm", "--overwrite")
    await _post_rendered_again(stage, region, before)


async def _post_rendered_again(stage: ClusterStage, region: str, before: str) -> None:
    stage.phase(f"{region} by the post-renderer again")
    await stage.go_to(stage.steps[-1]._replace(renderings={region: stage.steps[-1].renderings[region]}))
    await stage.converged()
    await _require_gateway(stage, region, before)
    await stage.check()


def _patches(stage: ClusterStage, folder: str) -> tuple[list[str], dict[str, str]]:
    """Helm's options and variables for the patches of an export for Flux, which kubectl's kustomize applies."""
    [renderer] = yaml.safe_load(_read(os.path.join(folder, "helmrelease.yaml")))["spec"]["postRenderers"]
    build = os.path.join(stage.folder, "patched")
    os.makedirs(build)
    kustomization = yaml.safe_dump({"resources": ["all.yaml"], **renderer["kustomize"]})
    _write(os.path.join(build, "kustomization.yaml"), kustomization)
    program = os.path.join(build, "patch.sh")
    _write(program, f"#!/bin/sh\nset -e\ncd {build}\ncat >all.yaml\n{user_programs.kubectl()} kustomize .\n")
    os.chmod(program, 0o700)
    if installing.post_renderer(os.path.join(stage.folder, "plugins")).helm.major != HELM_4:
        return ["--post-renderer", program], {}
    return ["--post-renderer", replay.write_plugin(build, "patches", program)], {"HELM_PLUGINS": build}


async def _gateway(stage: ClusterStage, region: str) -> str:
    """The UID of the gateway's Service, and its addresses."""
    words = ("get", GATEWAY, f"--namespace={stage.world.sites[region].namespace}")
    form = "--output=jsonpath={.metadata.uid} {.status.loadBalancer.ingress}"
    context = stage.world.context_words(stage.world.sites[region].context)
    return await user_programs.output([user_programs.kubectl(), *words, form, *context])


async def _require_gateway(stage: ClusterStage, region: str, before: str) -> None:
    now = await _gateway(stage, region)
    if now != before:
        raise ActError(f"the gateway's Service is not the same: {before}, then {now}")
    stage.world.note(f"{region}: {GATEWAY} is the same: {now}")


async def _natsvalues(stage: ClusterStage, *words: str) -> None:
    if stage.installation is None:
        raise ActError("this act needs overlays")
    folder = folder_with_stages(stage.installation.overlays, stage.steps[-1].stages, f"{stage.folder}/overlays-of-acts")
    await user_programs.output([sys.executable, "-m", "natsvalues", *words, f"--overlays={folder}"])


def _read(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read()


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


ACTS: dict[str, tuple[str, Play]] = {
    "values-and-back": ("one region by values, and by the post-renderer again", _values_and_back),
    "flux-and-back": ("one region as Flux applies an export, and by the post-renderer again", _flux_and_back),
}
