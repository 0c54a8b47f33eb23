"""The fields of Kubernetes objects that hold a mapping, a list or a text, as far as natsvalues looks into them.

facts: the API server refuses an object whose field has another type (validation of 1.37, by its OpenAPI schema). Here
it is refused first, with its place, so that all other functions may rely on the types. null counts as left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

Shape: TypeAlias = Any
"""A dict for a mapping, with the shapes of its known fields; a list of one shape; or one of the two words below."""
TEXT = "text"
SCALAR = "a text or a number"

_METADATA: Shape = {"name": TEXT, "namespace": TEXT, "labels": {}, "annotations": {}}
_PROBE: Shape = {
    "httpGet": {"path": TEXT, "port": SCALAR, "scheme": TEXT, "host": TEXT},
    "tcpSocket": {"port": SCALAR},
    "exec": {"command": [SCALAR]},
    **dict.fromkeys(
        ("initialDelaySeconds", "periodSeconds", "timeoutSeconds", "failureThreshold", "successThreshold"), SCALAR
    ),
}
_CONTAINER: Shape = {
    "name": TEXT,
    "image": TEXT,
    "command": [SCALAR],
    "args": [SCALAR],
    "env": [{"name": TEXT, "value": SCALAR, "valueFrom": {"secretKeyRef": {}, "configMapKeyRef": {}, "fieldRef": {}}}],
    "envFrom": [{}],
    "ports": [{"name": TEXT, "containerPort": SCALAR, "protocol": TEXT}],
    "volumeMounts": [{"name": TEXT, "mountPath": TEXT, "subPath": TEXT}],
    "startupProbe": _PROBE,
    "readinessProbe": _PROBE,
    "livenessProbe": _PROBE,
    "lifecycle": {"preStop": {"exec": {"command": [SCALAR]}}},
    "resources": {"limits": {}, "requests": {}},
    "securityContext": {},
}
_POD: Shape = {
    "metadata": _METADATA,
    "spec": {
        "containers": [_CONTAINER],
        "initContainers": [_CONTAINER],
        "volumes": [{"name": TEXT, "configMap": {"items": [{}]}, "secret": {}, "projected": {"sources": [{}]}}],
        "affinity": {"podAntiAffinity": {}, "podAffinity": {}, "nodeAffinity": {}},
        "topologySpreadConstraints": [{"labelSelector": {"matchLabels": {}}}],
        "terminationGracePeriodSeconds": SCALAR,
        "securityContext": {},
    },
}
_CLAIM: Shape = {"metadata": _METADATA, "spec": {"resources": {"requests": {}}, "accessModes": [TEXT]}}
_WORKLOAD: Shape = {
    "spec": {
        "replicas": SCALAR,
        "selector": {"matchLabels": {}, "matchExpressions": [{}]},
        "serviceName": TEXT,
        "template": _POD,
        "updateStrategy": {"type": TEXT, "rollingUpdate": {"partition": SCALAR}},
        "strategy": {"type": TEXT, "rollingUpdate": {}},
        "volumeClaimTemplates": [_CLAIM],
        "persistentVolumeClaimRetentionPolicy": {},
        "podManagementPolicy": TEXT,
    }
}
_BY_KIND: dict[tuple[str, str], Shape] = {
    ("apps", "StatefulSet"): _WORKLOAD,
    ("apps", "Deployment"): _WORKLOAD,
    ("apps", "DaemonSet"): _WORKLOAD,
    ("batch", "Job"): _WORKLOAD,
    ("", "Pod"): _POD,
    ("", "PersistentVolumeClaim"): _CLAIM,
    ("", "Service"): {
        "spec": {
            "type": TEXT,
            "clusterIP": TEXT,
            "selector": {},
            "ports": [
                {
                    "name": TEXT,
                    "port": SCALAR,
                    "targetPort": SCALAR,
                    "nodePort": SCALAR,
                    "protocol": TEXT,
                    "appProtocol": TEXT,
                }
            ],
            "loadBalancerClass": TEXT,
            "loadBalancerIP": TEXT,
            "loadBalancerSourceRanges": [TEXT],
            "externalTrafficPolicy": TEXT,
        }
    },
    ("", "ConfigMap"): {"data": {}, "binaryData": {}},
    ("", "Secret"): {"data": {}, "stringData": {}, "type": TEXT},
    ("policy", "PodDisruptionBudget"): {"spec": {"selector": {"matchLabels": {}}}},
}
_TYPES = ((bool, "true or false"), (dict, "a mapping"), (list, "a list"), (str, "text"), ((int, float), "a number"))


def misshapen(value: dict[str, Any]) -> tuple[tuple[str | int, ...], str] | None:
    """The first field of an object that has another type than Kubernetes requires, and what is wrong; None if none has.

    Objects of other kinds than those that natsvalues looks into are checked for their metadata only.
    """
    api = value.get("apiVersion")
    group, _, version = api.rpartition("/") if isinstance(api, str) else ("", "", "")
    shape = _BY_KIND.get((group if version else "", value["kind"]), {})
    return next(_wrong(value, {"metadata": _METADATA, **shape}, ()), None)


def _wrong(value: Any, shape: Shape, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            yield path, f"{_word(value)} where a mapping is expected"
            return
        for key, inner in shape.items():
            if value.get(key) is not None:
                yield from _wrong(value[key], inner, (*path, key))
    elif isinstance(shape, list):
        if not isinstance(value, list):
            yield path, f"{_word(value)} where a list is expected"
            return
        for index, item in enumerate(value):
            yield from _wrong(item, shape[0], (*path, index))
    elif isinstance(value, (dict, list)) or (shape is TEXT and not isinstance(value, str)):
        yield path, f"{_word(value)} where {shape} is expected"


def _word(value: Any) -> str:
    return next((word for kinds, word in _TYPES if isinstance(value, kinds)), "nothing")
