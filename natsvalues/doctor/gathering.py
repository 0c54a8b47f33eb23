"""Look at live regions, without a change: objects, pages of servers, names, gateways. Each question is bounded.

What cannot be seen becomes a reason in `unseen`, and never an error: rights, tools and addresses may be missing.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import datetime as dt
import json
import os
import re
from typing import TYPE_CHECKING, Any

from natsvalues.doctor.clouds.asking import ask_every_cloud
from natsvalues.doctor.live import KINDS, PAGES, live_of, nats_in, stream_of
from natsvalues.doctor.loaded import digests_of
from natsvalues.doctor.reaching import reach
from natsvalues.doctor.seen import Page, Seen, nothing_seen
from natsvalues.errors import NatsvaluesError, Where
from natsvalues.manifests.chart import mappings
from natsvalues.manifests.named_secrets import secrets_of
from natsvalues.manifests.objects import entries
from natsvalues.manifests.release import Release
from natsvalues.manifests.services import selects
from natsvalues.manifests.stamps import REGION
from natsvalues.manifests.stored import revisions
from natsvalues.outside import processes
from natsvalues.outside.api_server import ApiServer
from natsvalues.outside.plugins import damage
from natsvalues.rehearsal.cluster_objects import is_ready, is_running, server_of
from natsvalues.rehearsal.convergence import OK
from natsvalues.rehearsal.snapshot import trouble_in, words_of
from natsvalues.text.x509 import first_in_pem, read_certificate

if TYPE_CHECKING:
    from natsvalues.doctor.live import Live
    from natsvalues.doctor.seen import Object, RegionSeen
    from natsvalues.manifests.stored import Stored
    from natsvalues.rehearsal.outcome import Site

_LISTS = {
    "statefulsets": "/apis/apps/v1/namespaces/{}/statefulsets",
    "configmaps": "/api/v1/namespaces/{}/configmaps",
    "services": "/api/v1/namespaces/{}/services",
    "pods": "/api/v1/namespaces/{}/pods",
    "endpointslices": "/apis/discovery.k8s.io/v1/namespaces/{}/endpointslices",
    "persistentvolumeclaims": "/api/v1/namespaces/{}/persistentvolumeclaims",
    "events": "/api/v1/namespaces/{}/events",
}
_COREDNS = "/api/v1/namespaces/kube-system/configmaps/coredns"
_LOG = "/api/v1/namespaces/{}/pods/{}/log?container={}&tailLines=300&sinceSeconds=600"
_LAST_WORDS = "/api/v1/namespaces/{}/pods/{}/log?container={}&tailLines=20&previous=true"
_EVENTS = 40
_MOST = 25.0
"""Seconds after which a look at a region ends, with what was seen until then."""
DEPLOYED = "deployed"
_NOT_ALLOWED = (401, 403)
_OF_PROBES = re.compile("TLS gateway handshake error: .*(didn't provide a certificate|EOF|i/o timeout|reset by peer)")
"""What a server logs of `dialling`, and of whoever else looks without a certificate: no trouble of its own."""
_CERTIFICATES = (".crt", ".pem", ".cert")


async def gather(sites: dict[str, Site], kubeconfig: str | None, *, clouds: bool = False) -> Seen:
    """Look at all regions at the same time, in less than half a minute; with `clouds`, these are asked after it."""
    at = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    with processes.scratch(None) as folder:
        words = ["--kubeconfig=" + kubeconfig] if kubeconfig else []
        apis = {
            region: ApiServer([f"--context={site.context}", *words], os.path.join(folder, f"{number}.socket"))
            for number, (region, site) in enumerate(sites.items())
        }
        try:
            here, *regions = await asyncio.gather(
                asyncio.to_thread(_here),
                *(_Looking(region, site, apis[region]).look() for region, site in sites.items()),
            )
            if clouds:
                await ask_every_cloud(regions, words)
        finally:
            await asyncio.gather(*(api.close() for api in apis.values()))
    return Seen(at, tuple(regions), here)


def _here() -> Object:
    """What is wrong with the helm plugins of this machine; nothing where there is no helm that answers."""
    try:
        return {"plugins": [fault._asdict() for fault in damage()]}
    except NatsvaluesError:
        return {}


class _Looking:
    """One region that is being looked at."""

    def __init__(self, region: str, site: Site, api: ApiServer) -> None:
        self.api = api
        self.seen = nothing_seen(region, site.context, site.namespace, site.release)
        self.values: dict[str, dict[str, bytes]] = {}
        self.is_ours = False

    async def look(self) -> RegionSeen:
        """What was seen until the time was over."""
        try:
            async with asyncio.timeout(_MOST):
                await self._look()
        except TimeoutError:
            self.seen.unseen["cluster" if not self.is_ours else "the rest"] = f"the look ended after {_MOST:g} s"
        if not self.is_ours:
            self.seen.objects.clear()  # a record holds nothing else of the namespace
        return self.seen

    async def _look(self) -> None:
        seen = self.seen
        try:
            await self.api.open()
        except NatsvaluesError as error:
            seen.unseen["cluster"] = error.message
            return
        await asyncio.gather(*(self._list(kind) for kind in _LISTS), self._about())
        if not seen.objects:  # one reason, instead of one for each question
            reason = seen.unseen["statefulsets"]
            seen.unseen.clear()
            seen.unseen["cluster"] = reason
        if not seen.objects.keys() >= KINDS.keys():
            return
        try:
            self._keep_ours()
            self.is_ours = True
            live = live_of(seen)
        except NatsvaluesError as error:
            seen.unseen["nats"] = error.message
            return
        await asyncio.gather(
            *(self._secret(name) for name in secrets_of(live.cluster.state.spec["template"]["spec"])),
            *(self._ask(live, name, pod) for name, pod in live.pods.items()),
            self._revisions(live),
        )
        for name, pod in live.pods.items():
            seen.digests[name] = list(digests_of(live, pod, self.values))
        await reach(live, self.api, self.values)

    # --- the API server --------------------------------------------------------------------------------------

    async def _list(self, kind: str) -> None:
        content = await self._read(kind, _LISTS[kind].format(self.seen.namespace))
        if content is not None:
            self.seen.objects[kind] = [_without_managers(item) for item in mappings(content.get("items"))]

    async def _read(self, question: str, path: str) -> Object | None:
        """An object; None if there is none, or it cannot be seen, which `unseen` then explains."""
        try:
            return await self.api.read(path)
        except NatsvaluesError as error:
            self.seen.unseen[question] = error.message
            return None

    async def _about(self) -> None:
        version, nodes, dns = await asyncio.gather(
            self._read("version", "/version"), self._read("nodes", "/api/v1/nodes"), self._read("coredns", _COREDNS)
        )
        about = self.seen.about
        if version is not None:
            about["version"] = str(version.get("gitVersion") or "")
        if nodes is not None:
            about["nodes"] = [
                {
                    "name": item["metadata"]["name"],
                    "kubelet": (item["status"].get("nodeInfo") or {}).get("kubeletVersion"),
                    "provider": str(item["spec"].get("providerID") or ""),
                }
                for item in mappings(nodes.get("items"))
            ]
        if dns is not None:
            about["corefile"] = str((dns.get("data") or {}).get("Corefile") or "")

    def _keep_ours(self) -> None:
        """Keep what belongs to the region's NATS: a bundle holds nothing else of the namespace."""
        objects = self.seen.objects
        objects["configmaps"] = [
            item for item in objects["configmaps"] if item["metadata"]["name"] != "kube-root-ca.crt"
        ]
        nats = nats_in(self.seen, Release(stream_of(self.seen), self.seen.place))
        spec = nats.statefulset.value["spec"]
        volumes = mappings(spec["template"]["spec"].get("volumes"))
        mounted = {str((item.get("configMap") or {}).get("name")) for item in volumes}
        services = [
            item for item in objects["services"]
            if item["metadata"]["name"] == spec.get("serviceName") or selects({**item, "kind": "Service"}, nats)
        ]  # fmt: skip
        objects["statefulsets"] = [item for item in objects["statefulsets"] if item["metadata"]["name"] == nats.name]
        objects["configmaps"] = [item for item in objects["configmaps"] if item["metadata"]["name"] in mounted]
        objects["services"] = services
        _keep(objects, "pods", lambda item: any(
            owner.get("kind") == "StatefulSet" and owner.get("name") == nats.name
            for owner in mappings(item["metadata"].get("ownerReferences"))
        ))  # fmt: skip
        names = {item["metadata"]["name"] for item in services}
        _keep(objects, "endpointslices", lambda item: (
            (item["metadata"].get("labels") or {}).get("kubernetes.io/service-name") in names
        ))  # fmt: skip
        claims = [f"{item['metadata']['name']}-{nats.name}-" for item in mappings(spec.get("volumeClaimTemplates"))]
        _keep(objects, "persistentvolumeclaims", lambda item: (
            any(item["metadata"]["name"].startswith(claim) for claim in claims)
        ))  # fmt: skip
        kept = {item["metadata"]["name"] for kind in objects if kind != "events" for item in objects[kind]}
        objects["events"] = _warnings(objects.get("events", []), kept)

    # --- Secrets ---------------------------------------------------------------------------------------------

    async def _secret(self, name: str) -> None:
        """The keys of a Secret, and the public part of its certificates; its values are never kept in the record."""
        path = f"/api/v1/namespaces/{self.seen.namespace}/secrets/{name}"
        before = len(self.seen.unseen)
        secret = await self._read(f"secret {name}", path)
        if secret is None:
            if len(self.seen.unseen) == before:
                self.seen.secrets[name] = None
            return
        values = self.values[name] = {}
        for key, text in (secret.get("data") or {}).items():
            with contextlib.suppress(binascii.Error, TypeError):
                values[key] = base64.b64decode(text)
        certificates = {}
        for key, value in values.items():
            if key.endswith(_CERTIFICATES):
                certificate = read_certificate(first_in_pem(value.decode("ascii", "replace")))
                if certificate is not None:
                    certificates[key] = certificate._asdict() | {"names": list(certificate.names)}
        self.seen.secrets[name] = {"keys": sorted(values), "certificates": certificates}

    async def _revisions(self, live: Live) -> None:
        """What Helm keeps of the release: how each revision was rendered, and whether the configuration is its own."""
        labels = f"owner%3Dhelm%2Cname%3D{self.seen.release}"
        path = f"/api/v1/namespaces/{self.seen.namespace}/secrets?labelSelector={labels}"
        content = await self._read("release", path)
        if content is None:
            return
        items = [{"apiVersion": "v1", "kind": "Secret", **item} for item in mappings(content.get("items"))]
        release = Release("".join(f"---\n{json.dumps(item)}\n" for item in items), self.seen.place)
        try:
            kept = revisions(entries(release, release.numbers()), Where(self.seen.place))
        except NatsvaluesError as error:
            self.seen.unseen["release"] = error.message
            return
        if not kept:
            self.seen.unseen["release"] = f"Helm keeps no release `{self.seen.release}` in Secrets here"
        self.seen.revisions.extend(
            {
                "revision": item.revision,
                "status": item.status,
                "stamped": f"{REGION}:" in item.manifest,
                "edited": item.status == DEPLOYED and not _has_configuration(item, live),
            }
            for item in sorted(kept, key=lambda item: item.revision)
        )

    # --- servers ---------------------------------------------------------------------------------------------

    async def _ask(self, live: Live, name: str, pod: Object) -> None:
        """The pages of one server, and its log's troubles where something is wrong."""
        container = server_of(live.rendering)
        pages = self.seen.pages.setdefault(name, {})
        if is_running(pod, container) and live.rendering.monitor is not None:
            port, scheme = live.rendering.monitor
            target = f"{self.seen.namespace}/{name}"
            paths = dict.fromkeys((*PAGES, *(probe.path for probe in live.rendering.probes if probe.port == port)))
            wanted = [path for path in paths if path]
            try:
                answers = await asyncio.gather(
                    *(self.api.ask_pod(target, port, path, scheme=scheme) for path in wanted)
                )
            except NatsvaluesError as error:
                self.seen.unseen["pages"] = error.message
                answers = []
            pages.update({path: Page(*answer) for path, answer in zip(wanted, answers, strict=False)})
        await self._log(name, pod, container)

    async def _log(self, name: str, pod: Object, container: str) -> None:
        restarted = "lastState" in str(pod.get("status", {}).get("containerStatuses", "")) and not is_ready(pod)
        paths = ([_LAST_WORDS] if restarted else []) + ([_LOG] if is_running(pod, container) else [])
        troubles: dict[str, str] = {}
        for path in paths:
            answer = await self.api.get(path.format(self.seen.namespace, name, container))
            if answer.status in _NOT_ALLOWED:
                self.seen.unseen["logs"] = "the API server does not give the logs of pods"
            if answer.status == OK:
                troubles |= {
                    str(kind): words_of(line)
                    for line in answer.body.splitlines()
                    if (kind := trouble_in(line)) and not _OF_PROBES.search(line)
                }
        self.seen.troubles[name] = troubles


def _has_configuration(stored: Stored, live: Live) -> bool:
    """Whether the live ConfigMap has the nats.conf that this revision has; true where it has no such ConfigMap."""
    release = Release(stored.manifest, "")
    key = live.nats.config_map.key
    numbers = sorted(release.mentioning("ConfigMap", key.name))
    own = release.manifests(numbers, lambda item: item.key.kind == "ConfigMap" and item.key.name == key.name)
    return all((item.value.get("data") or {}).get(live.nats.config_key) == live.nats.conf for item in own)


def _keep(objects: dict[str, list[Object]], kind: str, wanted: Any) -> None:
    if kind in objects:
        objects[kind] = [item for item in objects[kind] if wanted(item)]


def _without_managers(item: Object) -> Object:
    metadata = {key: value for key, value in item["metadata"].items() if key != "managedFields"}
    return {**item, "metadata": metadata}


def _warnings(events: list[Object], about: set[str]) -> list[Object]:
    """The last warnings about these objects, oldest first."""
    kept = [
        {
            "metadata": {"name": item["metadata"]["name"]},
            "object": f"{item['involvedObject'].get('kind')} {item['involvedObject'].get('name')}",
            "reason": str(item.get("reason") or ""),
            "message": str(item.get("message") or "")[:400],
            "last": str(item.get("lastTimestamp") or item.get("eventTime") or ""),
        }
        for item in events
        if item.get("type") != "Normal" and item.get("involvedObject", {}).get("name") in about
    ]
    return sorted(kept, key=lambda item: str(item["last"]))[-_EVENTS:]
