"""Which changes of an existing object the API server refuses, and the workaround.

Each row of FIELDS and each rule below was tried on a real kube-apiserver (1.37.2, by server-side apply and by a
merge patch; tests/cluster/test_transitions.py repeats that). Objects that are invalid by themselves are not covered:
only changes that the old object does not allow. Nor is a Deployment that becomes Recreate: server-side apply refuses
that, because the server's default for rollingUpdate stays, and a three-way merge does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.manifests.quantities import quantity
from natsvalues.records import NamedTuple
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
    """An immutable field. `default` is the value that the server assumes when it is not set."""

    kinds: tuple[tuple[str, str], ...]
    path: tuple[str, ...]
    remedy: str
    default: Any = None
    normal: Callable[[Any], Any] = lambda value: value
    filled: bool = False
    """Whether the server adds to it, so that the live value has more than any rendering."""


ORPHAN = (
    "delete the StatefulSet and leave its pods running:\n"
    "`{delete} --cascade=orphan`, then upgrade; the new one adopts them"
)
ANEW = "`{delete}`, then upgrade: it is created again"
PODS_TOO = "keep the labels; or " + ANEW + ",\nand so are its pods (volume claims stay)"
RUN_ONCE = "a Job runs once: give it a name of its own for each revision, or\n`{delete}`, then upgrade"
BALANCER = (
    "`{delete}`, then upgrade; or upgrade twice, first with type ClusterIP\n"
    "and without loadBalancerClass. In both cases a new load balancer is created, and its address may change"
)
CLAIM = "a claim keeps these settings: create one with another name, and copy its data"
STATEFULSET = (("apps", "StatefulSet"),)
JOB = (("batch", "Job"),)
BINDINGS = (("rbac.authorization.k8s.io", "RoleBinding"), ("rbac.authorization.k8s.io", "ClusterRoleBinding"))
STORAGE = (("storage.k8s.io", "StorageClass"),)
PRIORITY = (("scheduling.k8s.io", "PriorityClass"),)


def _claims(templates: Any) -> Any:
    """Claim templates as the server compares them: without what it fills in, quantities by value."""
    if not isinstance(templates, list):
        return templates or []
    claims = []
    for template in templates:
        metadata = _mapping(template, "metadata")
        spec = {"volumeMode": "Filesystem", **_mapping(template, "spec")}
        requests = _mapping(spec, "resources", "requests")
        if "storage" in requests:
            spec["resources"] = {
                **spec["resources"],
                "requests": {**requests, "storage": _by_value(requests["storage"])},
            }
        claims.append({"metadata": {key: text for key, text in metadata.items() if text}, "spec": spec})
    return claims


FIELDS = (
    Field(
        STATEFULSET,
        ("spec", "volumeClaimTemplates"),
        "for a larger size, first expand every claim (`kubectl edit pvc`; its storage class must allow it);\n"
        "no claim gets smaller, so keep the size otherwise. Then " + ORPHAN,
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
    stated where the server had chosen one), nothing is returned.
    """
    kind = kind_of(new)
    refused = [
        _refusal(field.path, new, field.remedy) for field in FIELDS if kind in field.kinds and _changed(field, old, new)
    ]
    for rule in RULES.get(kind, ()):
        refused += [_refusal(path, new, remedy, reason) for path, reason, remedy in rule(old, new)]
    return refused


def kind_of(value: Object) -> tuple[str, str]:
    """The API group, without its version, and the kind of an object."""
    group, _, version = str(value.get("apiVersion", "")).rpartition("/")
    return (group if version else "", str(value.get("kind", "")))


KINDS = frozenset(kind for field in FIELDS for kind in field.kinds) | {
    ("", "Service"), ("", "ConfigMap"), ("", "PersistentVolumeClaim")
}  # fmt: skip
"""The kinds of objects that `refusals` covers."""


def _by_value(text: Any) -> Any:
    """A quantity by value, so that `1Gi` is `1024Mi`; anything else is returned unchanged."""
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
    """The mapping at a path; empty where there is none, because an object may have any shape."""
    mapping = _at(value, path)
    return mapping if isinstance(mapping, dict) else {}


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


def _states(wanted: Any, present: Any) -> bool:
    """Whether `present` has all that `wanted` states; it may have more, added by the server."""
    if wanted is None:
        return True
    if isinstance(wanted, dict) and isinstance(present, dict):
        return all(_states(item, present.get(key)) for key, item in wanted.items())
    if isinstance(wanted, list) and isinstance(present, list):
        return len(wanted) == len(present) and all(map(_states, wanted, present))
    return same(wanted, present)


# --- rules of more than one field -------------------------------------------------------------------------

Found = tuple[tuple[str, ...], str, str]


def _on_delete(old: Object, new: Object) -> Iterator[Found]:
    """A change to OnDelete: the server's default for rollingUpdate conflicts, unless the release had stated one."""
    before, after = (_mapping(value, "spec", "updateStrategy") for value in (old, new))
    rolling = before.get("type", "RollingUpdate") == "RollingUpdate" and not before.get("rollingUpdate")
    if rolling and after.get("type") == "OnDelete" and "rollingUpdate" not in after:
        remedy = (
            "upgrade twice: first with type RollingUpdate and rollingUpdate: {{partition: 0}} stated, then to OnDelete"
        )
        reason = "updateStrategy cannot become OnDelete while the object has the server's default for rollingUpdate"
        yield ("spec", "updateStrategy"), reason, remedy


def _load_balancer(old: Object, new: Object) -> Iterator[Found]:
    """The class and the health check's port of a Service that stays a load balancer."""
    before, after = _mapping(old, "spec"), _mapping(new, "spec")
    if not (before.get("type") == after.get("type") == "LoadBalancer"):
        return
    was, is_to_be = before.get("loadBalancerClass"), after.get("loadBalancerClass")
    if was != is_to_be:
        change = f"from `{was or 'none'}` to `{is_to_be or 'none'}`"
        yield (
            ("spec", "loadBalancerClass"),
            f"loadBalancerClass cannot change ({change}) while the type stays",
            BALANCER,
        )
    ports = before.get("healthCheckNodePort"), after.get("healthCheckNodePort")
    local = before.get("externalTrafficPolicy") == after.get("externalTrafficPolicy") == "Local"
    if local and all(ports) and ports[0] != ports[1]:
        remedy = "leave it out: the server keeps the current one; or upgrade first with externalTrafficPolicy: Cluster"
        yield ("spec", "healthCheckNodePort"), "healthCheckNodePort cannot change while the policy stays Local", remedy


def _cluster_address(old: Object, new: Object) -> Iterator[Found]:
    """The addresses inside the cluster, for a Service that has some before and after."""
    before, after = _mapping(old, "spec"), _mapping(new, "spec")
    if "ExternalName" in (before.get("type"), after.get("type")):
        return
    was, is_to_be = _cluster_ip(before), _cluster_ip(after)
    path = ("spec", "clusterIP")
    if "None" in (was, is_to_be) and was != is_to_be and is_to_be:
        yield path, "a Service cannot become headless, nor stop being headless, through its clusterIP", ANEW
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
    """Data of a ConfigMap or Secret that was declared immutable; its values are not quoted."""
    if old.get("immutable") is not True:
        return
    remedy = "give it another name, here and where it is mounted; or " + ANEW
    if new.get("immutable") is not True:
        yield ("immutable",), "immutable: true cannot be removed", remedy
    for key in ("data", "binaryData"):
        if _data(old, key) != _data(new, key):
            yield (key,), "the object is immutable, and its content differs", remedy


def _data(value: Object, key: str) -> dict[str, Any]:
    """The content under a key as the server stores it: a Secret's stringData goes into data."""
    content = dict(_mapping(value, key))
    if key == "data" and value.get("kind") == "Secret":
        for name, text in _mapping(value, "stringData").items():
            import base64  # few objects are Secrets with texts

            content[name] = base64.b64encode(str(text).encode()).decode()
    return content


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
    """A volume claim: only an unset volume name may be set, and the size may grow."""
    before, after = ({"volumeMode": "Filesystem", **_mapping(value, "spec")} for value in (old, new))
    was_size, size = (quantity(_at(spec, ("resources", "requests", "storage")) or 0) for spec in (before, after))
    if was_size is not None and size is not None and size < was_size:
        yield ("spec", "resources", "requests", "storage"), "a volume claim cannot shrink", CLAIM
    for key in ("accessModes", "selector", "storageClassName", "volumeMode", "volumeName", "dataSource"):
        was, is_to_be = before.get(key), after.get(key)
        given = was is not None and not (_is_live(old) and is_to_be is None)  # otherwise the server fills it in
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
