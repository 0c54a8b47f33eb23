"""What the API server refuses to change in an object that exists, and the way round.

Each row of FIELDS and each rule below it was asked of a real kube-apiserver (1.37.2, by server-side apply and by a
merge patch; tests/cluster/test_transitions.py asks again). What an object alone makes invalid is not told here: only
that what it was and what it is to become do not go together; nor a Deployment that becomes Recreate, which
server-side apply refuses, because the server's default for rollingUpdate stays, and a three-way merge does not.
"""

from __future__ import annotations

import base64
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from natsvalues.manifests.quantities import quantity
from natsvalues.text.yamledit import same

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Object = dict[str, Any]


class Refusal(NamedTuple):
    """A change that the API server will refuse: where in the object, why, and what to do instead."""

    path: tuple[str | int, ...]
    reason: str
    remedy: str


class Field(NamedTuple):
    """A field that never changes. `default` is what the server takes it for when it is not stated."""

    kinds: tuple[tuple[str, str], ...]
    path: tuple[str, ...]
    remedy: str
    default: Any = None
    normal: Callable[[Any], Any] = lambda value: value
    filled: bool = False
    """Whether the server adds to it, so that a live one says more than any rendering."""


ORPHAN = (
    "delete the StatefulSet and leave its pods running:\n"
    "`{delete} --cascade=orphan`, then upgrade; the new one adopts them"
)
ANEW = "`{delete}`, then upgrade: it is created again"
PODS_TOO = "keep the labels; or " + ANEW + ",\nand so are its pods (volume claims stay)"
RUN_ONCE = "a Job runs once: give it a name of its own for each revision, or\n`{delete}`, then upgrade"
BALANCER = (
    "`{delete}`, then upgrade; or upgrade twice, first with type ClusterIP\n"
    "and without loadBalancerClass. Either way a new load balancer is created, and its address may be another"
)
CLAIM = "a claim keeps what it was created with: create one of another name, and copy its data"
STATEFULSET = (("apps", "StatefulSet"),)
JOB = (("batch", "Job"),)
BINDINGS = (("rbac.authorization.k8s.io", "RoleBinding"), ("rbac.authorization.k8s.io", "ClusterRoleBinding"))
STORAGE = (("storage.k8s.io", "StorageClass"),)
PRIORITY = (("scheduling.k8s.io", "PriorityClass"),)


def _claims(templates: Any) -> Any:
    """Claim templates as the server compares them: without what it fills in, quantities by their worth."""
    if not isinstance(templates, list):
        return templates or []
    found = []
    for template in templates:
        metadata = _mapping(template, "metadata")
        spec = {"volumeMode": "Filesystem", **_mapping(template, "spec")}
        requests = _mapping(spec, "resources", "requests")
        if "storage" in requests:
            spec["resources"] = {
                **spec["resources"],
                "requests": {**requests, "storage": _worth(requests["storage"])},
            }
        found.append({"metadata": {key: text for key, text in metadata.items() if text}, "spec": spec})
    return found


FIELDS = (
    Field(
        STATEFULSET,
        ("spec", "volumeClaimTemplates"),
        "for another size, first expand every claim (`kubectl edit pvc`; its storage class must allow it).\n"
        "Then " + ORPHAN,
        normal=_claims,
    ),
    Field(STATEFULSET, ("spec", "serviceName"), ORPHAN + " once they roll (`kubectl rollout restart`)", ""),
    Field(STATEFULSET, ("spec", "podManagementPolicy"), ORPHAN, "OrderedReady"),
    Field(STATEFULSET, ("spec", "selector"), PODS_TOO),
    Field((("apps", "Deployment"), ("apps", "DaemonSet"), ("apps", "ReplicaSet")), ("spec", "selector"), PODS_TOO),
    Field(JOB, ("spec", "selector"), RUN_ONCE, filled=True),
    Field(JOB, ("spec", "completionMode"), RUN_ONCE, "NonIndexed"),
    Field(JOB, ("spec", "podFailurePolicy"), RUN_ONCE, filled=True),
    Field(JOB, ("spec", "successPolicy"), RUN_ONCE, filled=True),
    Field(JOB, ("spec", "backoffLimitPerIndex"), RUN_ONCE, filled=True),
    Field(JOB, ("spec", "managedBy"), RUN_ONCE, filled=True),
    Field((("", "Secret"),), ("type",), ANEW, "Opaque"),
    Field(BINDINGS, ("roleRef",), ANEW),
    Field(STORAGE, ("provisioner",), ANEW),
    Field(STORAGE, ("parameters",), ANEW),
    Field(STORAGE, ("reclaimPolicy",), ANEW, "Delete"),
    Field(STORAGE, ("volumeBindingMode",), ANEW, "Immediate"),
    Field((("networking.k8s.io", "IngressClass"),), ("spec", "controller"), ANEW),
    Field(PRIORITY, ("value",), ANEW, 0),
    Field(PRIORITY, ("preemptionPolicy",), ANEW, "PreemptLowerPriority"),
)


def refusals(old: Object, new: Object) -> list[Refusal]:
    """Every change from `old` to `new`, two values of one object, that the API server will refuse.

    `old` is the object as it was rendered, or as the server has it (then with a uid): what the server filled in
    there counts as a change only if `new` states something else. Where a rendering alone cannot tell (an address
    stated where the server had chosen one), nothing is said.
    """
    kind = kind_of(new)
    found = [
        _refusal(field.path, new, field.remedy) for field in FIELDS if kind in field.kinds and _changed(field, old, new)
    ]
    for rule in RULES.get(kind, ()):
        found += [_refusal(path, new, remedy, reason) for path, reason, remedy in rule(old, new)]
    return found


def kind_of(value: Object) -> tuple[str, str]:
    """The API group, without its version, and the kind of an object."""
    group, _, version = str(value.get("apiVersion", "")).rpartition("/")
    return (group if version else "", str(value.get("kind", "")))


KINDS = frozenset(kind for field in FIELDS for kind in field.kinds) | {
    ("", "Service"), ("", "ConfigMap"), ("", "PersistentVolumeClaim")
}  # fmt: skip
"""The kinds of objects of which `refusals` knows anything."""


def _worth(text: Any) -> Any:
    """A quantity by its worth, so that `1Gi` is `1024Mi`; what is none comes back as it is."""
    worth = quantity(text)
    return text if worth is None else worth


def _refusal(path: tuple[str, ...], new: Object, remedy: str, reason: str = "") -> Refusal:
    metadata = _mapping(new, "metadata")
    delete = f"kubectl delete {new.get('kind')} {metadata.get('name')}".lower()
    if metadata.get("namespace"):
        delete += f" -n {metadata['namespace']}"
    reason = reason or f"{'.'.join(path)} of a {new.get('kind')} cannot change after it is created"
    return Refusal(path, reason, remedy.format(delete=delete))


def _mapping(value: Any, *path: str) -> Object:
    """The mapping at a path; empty where there is none, because another's object may be of any shape."""
    found = _at(value, path)
    return found if isinstance(found, dict) else {}


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _changed(field: Field, old: Object, new: Object) -> bool:
    before, after = (_at(value, field.path) for value in (old, new))
    before = field.normal(field.default if before is None else before)
    after = field.normal(field.default if after is None else after)
    return not (_states(after, before) if field.filled and _is_live(old) else same(before, after))


def _is_live(value: Object) -> bool:
    return bool(_at(value, ("metadata", "uid")))


def _states(wanted: Any, found: Any) -> bool:
    """Whether all that `wanted` says is so in `found`, which may have more of the server's own."""
    if wanted is None:
        return True
    if isinstance(wanted, dict) and isinstance(found, dict):
        return all(_states(item, found.get(key)) for key, item in wanted.items())
    if isinstance(wanted, list) and isinstance(found, list):
        return len(wanted) == len(found) and all(map(_states, wanted, found))
    return same(wanted, found)


# --- rules of more than one field -------------------------------------------------------------------------

Found = tuple[tuple[str, ...], str, str]


def _on_delete(old: Object, new: Object) -> Iterator[Found]:
    """The server's own default for rolling updates is in the way, unless the release had stated one."""
    before, after = (_mapping(value, "spec", "updateStrategy") for value in (old, new))
    rolling = before.get("type", "RollingUpdate") == "RollingUpdate" and not before.get("rollingUpdate")
    if rolling and after.get("type") == "OnDelete" and "rollingUpdate" not in after:
        remedy = "upgrade twice: first with type RollingUpdate and rollingUpdate: {{partition: 0}} stated, then so"
        reason = "updateStrategy cannot become OnDelete while the server's default for rollingUpdate stands"
        yield ("spec", "updateStrategy"), reason, remedy


def _load_balancer(old: Object, new: Object) -> Iterator[Found]:
    """The class and the health check's port of a load balancer that stays one."""
    before, after = _mapping(old, "spec"), _mapping(new, "spec")
    if not (before.get("type") == after.get("type") == "LoadBalancer"):
        return
    was, is_to_be = before.get("loadBalancerClass"), after.get("loadBalancerClass")
    if was != is_to_be:
        told = f"from `{was or 'none'}` to `{is_to_be or 'none'}`"
        yield ("spec", "loadBalancerClass"), f"loadBalancerClass cannot change ({told}) while the type stays", BALANCER
    ports = before.get("healthCheckNodePort"), after.get("healthCheckNodePort")
    local = before.get("externalTrafficPolicy") == after.get("externalTrafficPolicy") == "Local"
    if local and all(ports) and ports[0] != ports[1]:
        remedy = "leave it out: the server keeps the one it has; or upgrade first with externalTrafficPolicy: Cluster"
        yield ("spec", "healthCheckNodePort"), "healthCheckNodePort cannot change while the policy stays Local", remedy


def _cluster_address(old: Object, new: Object) -> Iterator[Found]:
    """The addresses inside the cluster, for a Service that has some before and after."""
    before, after = _mapping(old, "spec"), _mapping(new, "spec")
    if "ExternalName" in (before.get("type"), after.get("type")):
        return
    was, is_to_be = _cluster_ip(before), _cluster_ip(after)
    path = ("spec", "clusterIP")
    if "None" in (was, is_to_be) and was != is_to_be and is_to_be:
        yield path, "a Service cannot become headless, nor stop being so, by its clusterIP", ANEW
    elif was and is_to_be and was != is_to_be:
        yield path, "clusterIP cannot change once it is set", ANEW
    elif was == "None" and not is_to_be and after.get("type") in ("LoadBalancer", "NodePort"):
        reason = f"a headless Service stays headless, and then cannot be a {after['type']}"
        yield path, reason, ANEW
    had, wants = _first(before.get("ipFamilies")), _first(after.get("ipFamilies"))
    if "None" not in (was, is_to_be) and had and wants and had != wants:
        yield ("spec", "ipFamilies"), "the first of ipFamilies cannot change once it is set", ANEW


def _cluster_ip(spec: Object) -> str:
    return str(spec.get("clusterIP") or _first(spec.get("clusterIPs")) or "")


def _first(items: Any) -> Any:
    return items[0] if items and isinstance(items, list) else None


def _content(old: Object, new: Object) -> Iterator[Found]:
    """Data of a ConfigMap or Secret that was declared immutable; its values are not told."""
    if old.get("immutable") is not True:
        return
    remedy = "give it another name, there and where it is mounted; or " + ANEW
    if new.get("immutable") is not True:
        yield ("immutable",), "immutable cannot be taken back", remedy
    for key in ("data", "binaryData"):
        if _data(old, key) != _data(new, key):
            yield (key,), "the object was declared immutable, and its content differs", remedy


def _data(value: Object, key: str) -> dict[str, Any]:
    """The content under a key as the server stores it: a Secret's stringData goes into data."""
    found = dict(_mapping(value, key))
    if key == "data" and value.get("kind") == "Secret":
        for name, text in _mapping(value, "stringData").items():
            found[name] = base64.b64encode(str(text).encode()).decode()
    return found


def _job(old: Object, new: Object) -> Iterator[Found]:
    """The template of a Job that was not suspended, and its completions unless they are indexed."""
    before, after = _mapping(old, "spec"), _mapping(new, "spec")
    template = Field(JOB, ("spec", "template"), RUN_ONCE, filled=True)
    if not before.get("suspend") and _changed(template, old, new):
        yield template.path, "the pod template of a Job cannot change", RUN_ONCE
    was, is_to_be = before.get("completions"), after.get("completions")
    if was is None and before.get("parallelism") is None:
        was = 1  # what the server fills in
    stated = is_to_be is not None or (before.get("completions") is not None and not _is_live(old))
    if after.get("completionMode") != "Indexed" and stated and was != is_to_be:
        yield ("spec", "completions"), "completions cannot change, unless the Job is indexed", RUN_ONCE


def _claim(old: Object, new: Object) -> Iterator[Found]:
    """A volume claim: nothing changes but a name for its volume, and a size that grows."""
    before, after = ({"volumeMode": "Filesystem", **_mapping(value, "spec")} for value in (old, new))
    sizes = [_worth(_at(spec, ("resources", "requests", "storage")) or 0) for spec in (before, after)]
    if all(isinstance(size, Fraction) for size in sizes) and sizes[1] < sizes[0]:
        yield ("spec", "resources", "requests", "storage"), "a volume claim cannot shrink", CLAIM
    for key in ("accessModes", "selector", "storageClassName", "volumeMode", "volumeName", "dataSource"):
        was, is_to_be = before.get(key), after.get(key)
        given = was is not None and not (_is_live(old) and is_to_be is None)  # else the server fills it in
        if (given or key not in ("storageClassName", "volumeName")) and not same(was, is_to_be):
            yield ("spec", key), f"spec.{key} of a volume claim cannot change", CLAIM


RULES: dict[tuple[str, str], tuple[Callable[[Object, Object], Iterator[Found]], ...]] = {
    ("apps", "StatefulSet"): (_on_delete,),
    ("", "Service"): (_load_balancer, _cluster_address),
    ("", "ConfigMap"): (_content,),
    ("", "Secret"): (_content,),
    ("", "PersistentVolumeClaim"): (_claim,),
    ("batch", "Job"): (_job,),
}
