"""Faults in a record of healthy regions: JSON merge patches of what was seen, named by parts that people know.

`healthy.json` is the bundle of two real regions with TLS between their gateways (scripts/kubernetes).
"""

from __future__ import annotations

import json
import os
from typing import Any

from natsvalues.doctor.seen import Seen, seen_in

HERE = os.path.dirname(os.path.abspath(__file__))
KINDS = ("statefulsets", "pods", "services", "persistentvolumeclaims")
PAGES = {"varz": "/varz", "jsz": "/jsz", "gatewayz": "/gatewayz"}


BUNDLE = os.path.join(HERE, "healthy.json")


def healthy() -> dict[str, Any]:
    """The record of the healthy regions, as JSON has it."""
    with open(BUNDLE, encoding="utf-8") as file:
        content: dict[str, Any] = json.load(file)
    return content


def merged(target: Any, patch: Any) -> Any:
    """RFC 7386; lists of things with names are merged by name."""
    if not isinstance(patch, dict):
        return patch
    value = dict(target) if isinstance(target, dict) else {}
    for key, item in patch.items():
        if item is None:
            value.pop(key, None)
        else:
            value[key] = merged(value.get(key), item)
    return value


def seeded(fault: dict[str, Any]) -> Seen:
    """The record of the healthy regions with a fault."""
    content = healthy()
    regions = {region["name"]: region for region in content["regions"]}
    for name, parts in fault.items():
        if name in regions:
            for part, patch in parts.items():
                _apply(regions[name], part, patch)
    content["here"] = fault.get("here", {})
    names = list(regions)
    if "leader" in fault:
        for name in names:
            for pod in regions[name]["pages"]:
                _page(regions[name], pod, "/jsz", {"meta_cluster": {"leader": fault["leader"]}})
    for name, patch in fault.get("peers", {}).items():
        _peer(content, name, patch)
    if fault.get("stuck"):
        for name in names:
            _stuck(regions[name])
    return seen_in(content)


def _apply(region: dict[str, Any], part: str, patch: Any) -> None:  # noqa: C901, PLR0912 - a branch for each part
    if part in KINDS:
        for item in region["objects"][part]:
            if item["metadata"]["name"] in patch:
                changed = merged(item, patch[item["metadata"]["name"]])
                item.clear()
                item.update(changed)
    elif part == "remove":
        for kind, gone in patch.items():
            region["objects"][kind] = [item for item in region["objects"][kind] if item["metadata"]["name"] not in gone]
    elif part == "endpoints":
        for item in region["objects"]["endpointslices"]:
            service = item["metadata"]["labels"]["kubernetes.io/service-name"]
            if service in patch:
                item["endpoints"] = [one for one in item["endpoints"] if one["targetRef"]["name"] in patch[service]]
    elif part in PAGES:
        every = patch if any(pod in region["pages"] for pod in patch) else dict.fromkeys(region["pages"])
        for pod in every:
            change = patch[pod] if every is patch else patch
            _page(region, pod, PAGES[part], {"meta_cluster": change} if part == "jsz" else change)
    elif part == "healthz":
        for pages in region["pages"].values():
            pages["/healthz"] = {
                "status": patch,
                "body": '{"error": "JetStream has not established contact with a meta leader"}',
            }
    elif part == "certificate":
        for secret in region["secrets"].values():
            secret["certificates"]["tls.crt"] = merged(secret["certificates"]["tls.crt"], patch)
    elif part == "silent":
        for pod in patch:
            for page in region["pages"][pod].values():
                page |= {"status": 0, "body": "no response within 2.5 s"}
    elif part == "conf":
        _conf(region, patch)
    elif part == "revisions":
        region[part] = patch
    else:
        changed = merged(region.get(part), patch)
        for key in patch:
            if patch[key] is None:
                changed[key] = None
        region[part] = changed


def _page(region: dict[str, Any], pod: str, path: str, patch: Any) -> None:
    page = region["pages"][pod][path]
    if not page["status"]:
        return  # it is silent
    page["body"] = json.dumps(merged(json.loads(page["body"]), patch))


def _conf(region: dict[str, Any], words: dict[str, str]) -> None:
    """Replace words of nats.conf, as if the servers had loaded it like that."""
    [config_map] = region["objects"]["configmaps"]
    for old, new in words.items():
        assert old in config_map["data"]["nats.conf"], old
        config_map["data"]["nats.conf"] = config_map["data"]["nats.conf"].replace(old, new)


def _peer(content: dict[str, Any], name: str, patch: dict[str, Any]) -> None:
    for region in content["regions"]:
        for pod, pages in region["pages"].items():
            group = json.loads(pages["/jsz"]["body"])["meta_cluster"]
            if "replicas" in group:
                known = {peer["name"]: peer for peer in group["replicas"]}
                known[name] = merged(known.get(name, {"name": name}), patch)
                _page(region, pod, "/jsz", {"meta_cluster": {"replicas": list(known.values())}})


def _stuck(region: dict[str, Any]) -> None:  # noqa: C901 - a loop for each kind of object
    """A cold start of the plain chart: probes and the Service wait for each other."""
    strict = {"httpGet": {"path": "/healthz", "port": "monitor"}}
    waiting = {"status": 503, "body": '{"error": "JetStream has not established contact with a meta leader"}'}
    for item in region["objects"]["services"]:
        if item["metadata"]["name"] == "nats-gateway":
            item["spec"].pop("publishNotReadyAddresses", None)
    [statefulset] = region["objects"]["statefulsets"]
    for spec in (statefulset["spec"]["template"]["spec"], *(pod["spec"] for pod in region["objects"]["pods"])):
        for container in spec["containers"]:
            if container["name"] == "nats":
                container["startupProbe"], container["readinessProbe"] = strict, strict
    for pod in region["objects"]["pods"]:
        pod["status"]["conditions"] = [{"type": "Ready", "status": "False"}]
        for status in pod["status"]["containerStatuses"]:
            status |= {"ready": False, "started": status["name"] != "nats"}
    for item in region["objects"]["endpointslices"]:
        if "gateway" in item["metadata"]["labels"]["kubernetes.io/service-name"]:
            item["endpoints"] = []
    for pod in region["pages"]:
        region["pages"][pod]["/healthz"] = waiting
        _page(region, pod, "/jsz", {"meta_cluster": {"leader": "", "replicas": None}})
        _page(region, pod, "/gatewayz", {"outbound_gateways": None, "inbound_gateways": None})
