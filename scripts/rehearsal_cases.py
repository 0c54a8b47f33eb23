"""Renderings to rehearse, made with real helm from a chart of the NATS chart's shape: the chart's own, and ours.

Used by the tests and by scripts/rehearsal_matrix.py.
"""

from __future__ import annotations

import functools
import os
import subprocess
from typing import TYPE_CHECKING, NamedTuple

from natsvalues.manifests.release import Release
from natsvalues.overlays.folder import load
from natsvalues.overlays.pipeline import render
from natsvalues.overlays.plan import plan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CHART = os.path.join(ROOT, "tests", "charts", "nats")
REGIONS = ("us-east", "eu-west", "ap-south", "sa-east", "af-south")
BALANCERS = (
    "{provider: aws-lbc-ip, scheme: internet-facing, sourceRanges: [203.0.113.0/24]}",
    "{provider: gcp-internal}",
    "{provider: metallb, addresses: [192.0.2.10]}",
    "{provider: k3s}",
    "{provider: azure-internal}",
)


class Renderer(NamedTuple):
    """A helm and the chart it renders; `version` becomes the image's tag."""

    helm: str
    chart: str = CHART

    def template(self, version: str, *settings: str) -> str:
        """The chart with cluster and JetStream on, and these `--set` settings."""
        settings = (
            "config.cluster.enabled=true",
            "config.jetstream.enabled=true",
            f"container.image.tag={version}-alpine",
            *settings,
        )
        return _templated(self.helm, self.chart, settings)


@functools.cache
def _templated(helm: str, chart: str, settings: tuple[str, ...]) -> str:
    words = [word for setting in settings for word in ("--set", setting)]
    command = [helm, "template", "nats", chart, *words]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def stock(renderer: Renderer, version: str, regions: Sequence[str], *settings: str) -> dict[str, str]:
    """The chart's own gateways behind its own Service as a load balancer; `{region}` in a setting is the region."""
    renderings = {}
    for region in regions:
        own = [
            f"config.cluster.merge.name={region}",
            f"config.serverNamePrefix={region}-",
            "config.gateway.enabled=true",
            f"config.gateway.merge.name={region}",
            f"config.gateway.merge.advertise=nats-gw-{region}.example.com:7222",
            "service.ports.gateway.enabled=true",
            "service.merge.spec.type=LoadBalancer",
        ]
        for number, other in enumerate(other for other in regions if other != region):
            entry = f"config.gateway.merge.gateways[{number}]"
            own += [f"{entry}.name={other}", f"{entry}.urls[0]=nats://nats-gw-{other}.example.com:7222"]
        own += [setting.format(region=region) for setting in settings]
        renderings[region] = renderer.template(version, *own)
    return renderings


def alone(renderer: Renderer, version: str, region: str) -> str:
    """A region on its own: JetStream, no gateway, named as it will be called when it joins."""
    return renderer.template(version, f"config.cluster.merge.name={region}", f"config.serverNamePrefix={region}-")


def write_overlays(
    folder: str, regions: Sequence[str], scope: str = "supercluster", stages: Mapping[str, str] | None = None
) -> None:
    """Overlays for these regions, the first one the seed; the default stage is `join`."""
    os.makedirs(folder, exist_ok=True)
    shared = f"kind: Supercluster\nname: acme\njetstream: {{scope: {scope}}}\n"
    _write(folder, "supercluster", shared)
    for number, region in enumerate(regions):
        first = number == 0
        decided = (
            f"joins: {'seed' if first else 'empty'}\n"
            if scope == "supercluster"
            else f'systemAccount: "{"$SYS" if first else f"SYS-{region}"}"\n'
        )
        prefix = '""' if first else f"{region}-"
        own = (
            f"kind: Region\nname: {region}\nstage: {(stages or {}).get(region, 'join')}\n{decided}"
            f"serverNames: {{prefix: {prefix}}}\ngateway: {{host: nats-gw-{region}.example.com}}\n"
            f"loadBalancer: {BALANCERS[number % len(BALANCERS)]}\n"
        )
        _write(folder, region, own)


def ours(renderer: Renderer, version: str, overlays: str) -> dict[str, str]:
    """Every region of a folder of overlays, post-rendered."""
    plain = renderer.template(version)
    loaded = load(overlays)
    return {region: render(Release(plain), plan(loaded, region)).release.text() for region in loaded.regions}


def write_renderings(folder: str, renderings: Mapping[str, str]) -> str:
    """Write REGION.yaml for each region; the folder."""
    os.makedirs(folder, exist_ok=True)
    for region, text in renderings.items():
        _write(folder, region, text)
    return folder


def _write(folder: str, name: str, text: str) -> None:
    with open(os.path.join(folder, f"{name}.yaml"), "w", encoding="utf-8") as file:
        file.write(text)
