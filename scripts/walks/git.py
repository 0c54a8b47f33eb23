"""What people keep in Git for a supercluster: each region's overlay and the values of the chart, and edits of both."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from rehearsal_cases import Renderer

PLACES = ("us-east", "eu-west", "ap-south")
VERSIONS = ("2.11.10", "2.12.8", "2.14.6", "2.15.1")
_BALANCERS = {
    "us-east": "{provider: metallb, addresses: [192.0.2.10]}",
    "eu-west": "{provider: gcp-internal}",
    "ap-south": "{provider: metallb, addresses: [192.0.2.11]}",
}
_STORES = {
    "data": (),
    "below": ("config.jetstream.merge.store_dir=/data/nats",),
    "moved": ("config.jetstream.fileStore.dir=/var/lib/nats",),
    "none": ("config.jetstream.fileStore.pvc.enabled=false",),
    "small": ("config.jetstream.fileStore.maxSize=1Gi",),
}


class Region(NamedTuple):
    """One region: fields of its overlay, and of the chart's values. An empty text is a field that is not stated.

    `names` tells that the values have the cluster's name and the server-name prefix, too.
    """

    version: str = "2.14.6"
    replicas: int = 3
    stage: str = "local"
    joins: str = "empty"
    prefix: str = ""
    account: str = ""
    domain: str = ""
    store: str = "data"
    cluster: str = "on"
    names: str = ""

    def edited(self, fields: dict[str, str]) -> Region:
        """The region with some fields changed."""
        return self._replace(**{name: int(text) if name == "replicas" else text for name, text in fields.items()})


class Git(NamedTuple):
    """The overlays and values of all regions."""

    scope: str
    regions: dict[str, Region]

    def edited(self, place: str, fields: dict[str, str]) -> Git:
        """Git after a commit; the place `-` is the file of the supercluster. A region that is not there is added."""
        if place == "-":
            return self._replace(scope=fields["scope"])
        region = self.regions.get(place, Region(prefix=f"{place}-", account=f"SYS-{place}"))
        return self._replace(regions=self.regions | {place: region.edited(fields)})

    def without(self, place: str) -> Git:
        """Git after a region's files were deleted."""
        return self._replace(regions={key: item for key, item in self.regions.items() if key != place})

    def write_overlays(self, folder: str) -> None:
        """Write the folder of overlays."""
        os.makedirs(folder, exist_ok=True)
        _write(folder, "supercluster", f"kind: Supercluster\nname: acme\njetstream: {{scope: {self.scope}}}\n")
        for place, region in self.regions.items():
            decided = f"joins: {region.joins}\n"
            if self.scope == "region":
                decided = f'systemAccount: "{region.account}"\n' if region.account else ""
            text = (
                f"kind: Region\nname: {place}\nstage: {region.stage}\n{decided}"
                f'serverNames: {{prefix: "{region.prefix}"}}\ngateway: {{host: {host(place)}}}\n'
                f"loadBalancer: {_BALANCERS[place]}\n"
            )
            _write(folder, place, text)

    def rendered(self, place: str, renderer: Renderer) -> str:
        """What helm renders from the region's values, before any post-renderer."""
        region = self.regions[place]
        settings = [f"config.cluster.replicas={region.replicas}", *_STORES[region.store]]
        if region.cluster == "off":
            settings.append("config.cluster.enabled=false")
        if region.names:
            settings += [f"config.cluster.merge.name={place}", f"config.serverNamePrefix={region.prefix}"]
        if region.domain:
            settings.append(f"config.jetstream.merge.domain={region.domain}")
        return renderer.template(region.version, *settings)


def host(place: str) -> str:
    """The name of a region's load balancer."""
    return f"nats-gw-{place}.example.com"


def _write(folder: str, name: str, text: str) -> None:
    with open(os.path.join(folder, f"{name}.yaml"), "w", encoding="utf-8") as file:
        file.write(text)
