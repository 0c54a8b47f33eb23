"""Keys of a values file that the NATS chart ignores, and the key that the chart reads instead.

Helm accepts keys that a chart does not use, and the upstream chart has no schema: such a setting has no effect and
causes no error (run with charts 1.2.11, 1.3.16 and 2.14.2). The table follows the chart's UPGRADING.md and the values
documents of 0.19 and of 1.x; for `service`, nats-io/k8s issues 784 and 1004. Where a value can be moved, the line is a
suggestion: nothing is rewritten.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from natsvalues.records import NamedTuple
from natsvalues.text.secrets import without_secrets
from natsvalues.text.yamlwrite import flow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Values = dict[str, Any]
_ANY = "*"
_OPEN = (("global",), ("natsBox", "contexts"), ("service", "ports", _ANY))
"""Mappings that accept any key, although the chart's default values have some."""
_MOVED = {
    "affinity": "podTemplate.merge.spec.affinity",
    "auth": "config.merge.accounts, config.merge.authorization, or config.resolver",
    "auth.resolver": "config.resolver",
    "bootconfig": "nothing: the chart has no init container any more",
    "cluster.enabled": "config.cluster.enabled",
    "cluster.name": "config.cluster.merge.name",
    "cluster.replicas": "config.cluster.replicas",
    "cluster.noAdvertise": "config.cluster.noAdvertise",
    "cluster.extraRoutes": "config.cluster.merge.routes",
    "cluster.authorization": "config.cluster.routeURLs",
    "cluster.tls": "config.cluster.tls",
    "commonLabels": "global.labels",
    "config.cluster.name": "config.cluster.merge.name",
    "config.gateway.name": "config.gateway.merge.name",
    "config.jetstream.domain": "config.jetstream.merge.domain",
    "config.jetstream.uniqueTag": "config.jetstream.merge.unique_tag",
    "config.systemAccount": "config.merge.system_account",
    "config.accounts": "config.merge.accounts",
    "config.authorization": "config.merge.authorization",
    "exporter": "promExporter",
    "exporter.serviceMonitor": "promExporter.podMonitor",
    "gateway.enabled": "config.gateway.enabled",
    "gateway.port": "config.gateway.port",
    "gateway.name": "config.gateway.merge.name",
    "gateway.advertise": "config.gateway.merge.advertise",
    "gateway.authorization": "config.gateway.merge.authorization",
    "gateway.rejectUnknownCluster": "config.gateway.merge.reject_unknown_cluster",
    "gateway.gateways": "config.gateway.merge.gateways",
    "gateway.tls": "config.gateway.tls",
    "imagePullSecrets": "global.image.pullSecretNames",
    "jetstream.enabled": "config.jetstream.enabled",
    "leafnodes.enabled": "config.leafnodes.enabled",
    "leafnodes.port": "config.leafnodes.port",
    "leafnodes.noAdvertise": "config.leafnodes.merge.no_advertise",
    "leafnodes.remotes": "config.leafnodes.merge.remotes",
    "leafnodes.tls": "config.leafnodes.tls",
    "mqtt.enabled": "config.mqtt.enabled",
    "mqtt.ackWait": "config.mqtt.merge.ack_wait",
    "mqtt.maxAckPending": "config.mqtt.merge.max_ack_pending",
    "nats.advertise": "config.cluster.noAdvertise",
    "nats.client.port": "config.nats.port",
    "nats.config": "config.merge",
    "nats.connectRetries": "config.cluster.merge.connect_retries",
    "nats.externalAccess": "container.ports",
    "nats.extraEnv": "container.env",
    "nats.gomemlimit": "container.env.GOMEMLIMIT",
    "nats.healthcheck": "container.merge (startupProbe, readinessProbe, livenessProbe)",
    "nats.image": "container.image",
    "nats.jetstream.enabled": "config.jetstream.enabled",
    "nats.jetstream.domain": "config.jetstream.merge.domain",
    "nats.jetstream.encryption": "config.jetstream.merge",
    "nats.jetstream.fileStorage.enabled": "config.jetstream.fileStore.enabled",
    "nats.jetstream.fileStorage.size": "config.jetstream.fileStore.pvc.size",
    "nats.jetstream.fileStorage.storageClassName": "config.jetstream.fileStore.pvc.storageClassName",
    "nats.jetstream.fileStorage.storageDirectory": "config.jetstream.fileStore.dir",
    "nats.jetstream.memStorage.enabled": "config.jetstream.memoryStore.enabled",
    "nats.jetstream.memStorage.size": "config.jetstream.memoryStore.maxSize",
    "nats.jetstream.maxMemoryStore": "config.jetstream.memoryStore.maxSize",
    "nats.jetstream.uniqueTag": "config.jetstream.merge.unique_tag",
    "nats.limits": "config.merge",
    "nats.logging": "config.merge",
    "nats.mappings": "config.merge.mappings",
    "nats.pullPolicy": "container.image.pullPolicy",
    "nats.resources": "container.resources",
    "nats.securityContext": "container.merge.securityContext",
    "nats.selectorLabels": "statefulSet.merge.spec.selector",
    "nats.serverNamePrefix": "config.serverNamePrefix",
    "nats.serverTags": "config.merge.server_tags",
    "nats.profiling": "config.profiling",
    "nats.serviceAnnotations": "service.merge.metadata.annotations",
    "nats.serviceAccount": "serviceAccount",
    "nats.terminationGracePeriodSeconds": "podTemplate.terminationGracePeriodSeconds",
    "nats.tls": "config.nats.tls",
    "natsbox": "natsBox",
    "natsbox.enabled": "natsBox.enabled",
    "natsbox.image": "natsBox.container.image",
    "networkPolicy": "extraResources",
    "nodeSelector": "podTemplate.merge.spec.nodeSelector",
    "podAnnotations": "podTemplate.merge.metadata.annotations",
    "podManagementPolicy": "statefulSet.merge.spec.podManagementPolicy",
    "priorityClassName": "podTemplate.merge.spec.priorityClassName",
    "replicaCount": "config.cluster.replicas",
    "replicas": "config.cluster.replicas",
    "resources": "container.resources",
    "securityContext": "podTemplate.merge.spec.securityContext",
    "service.annotations": "service.merge.metadata.annotations",
    "service.labels": "service.merge.metadata.labels",
    "service.merge.annotations": "service.merge.metadata.annotations",
    "service.merge.type": "service.merge.spec.type",
    "service.type": "service.merge.spec.type",
    "statefulSetAnnotations": "statefulSet.merge.metadata.annotations",
    "statefulSetPodLabels": "podTemplate.merge.metadata.labels",
    "tolerations": "podTemplate.merge.spec.tolerations",
    "topologyKeys": "podTemplate.topologySpreadConstraints",
    "topologySpreadConstraints": "podTemplate.topologySpreadConstraints",
    "updateStrategy": "statefulSet.merge.spec.updateStrategy",
    "useFQDN": "config.cluster.routeURLs.useFQDN",
    "k8sClusterDomain": "config.cluster.routeURLs.k8sClusterDomain",
    "volumeMounts": "container.merge.volumeMounts",
    "volumes": "podTemplate.merge.spec.volumes",
    "websocket.enabled": "config.websocket.enabled",
    "websocket.port": "config.websocket.port",
    "websocket.noTLS": "config.websocket.merge.no_tls",
    "websocket.tls": "config.websocket.tls",
}
"""Keys of charts before 1.0, or that users expect, and the key with the same effect since 1.0."""
_OTHER_FORMS = """
    auth auth.resolver bootconfig cluster.extraRoutes cluster.authorization cluster.tls exporter.serviceMonitor
    gateway.tls leafnodes.remotes leafnodes.tls nats.advertise nats.config nats.externalAccess nats.extraEnv
    nats.healthcheck nats.jetstream.encryption nats.limits nats.logging nats.selectorLabels nats.serviceAccount nats.tls
    networkPolicy topologyKeys volumes volumeMounts websocket.tls
"""
_OTHERWISE = frozenset(_OTHER_FORMS.split())
"""Those whose values have another form since 1.0, or would replace what the chart sets."""
_LONGEST = 120
BELOW = "give what is below `{name}` alone, or, where NATS is a subchart, the chart that depends on it"
"""What to do where the chart's values stand one level too deep."""


class IgnoredKey(NamedTuple):
    """A key that has no effect, or whose list stands in the place of a mapping.

    `hint` is a sentence with the key to use, or what to write; empty if none is known.
    """

    path: tuple[str, ...]
    hint: str
    is_list: bool = False

    @property
    def message(self) -> str:
        """The message about it."""
        key = f"`{'.'.join(self.path)}`"
        return f"{key} is a list, and the chart takes names with values" if self.is_list else f"the chart ignores {key}"


def is_nats_chart(defaults: Values) -> bool:
    """Whether a chart's default values are those of the NATS chart since 1.0, not of a chart that depends on it."""
    return isinstance(defaults.get("config"), dict) and "cluster" in defaults["config"] and "container" in defaults


def ignored_keys(values: Values, defaults: Values | None) -> Iterator[IgnoredKey]:
    """The keys of the user's values that the chart ignores; none for a chart that is not the NATS chart since 1.0.

    `defaults` are the chart's own values; if they are unknown (None), only keys of the table are reported.
    """
    if defaults is None:
        yield from _ignored(values, None, ())
    elif is_nats_chart(defaults) and {"apiVersion", "kind"} <= values.keys():
        yield IgnoredKey(("kind",), "give the chart's values alone; in a HelmRelease they are under spec.values")
    elif is_nats_chart(defaults):
        deeper = [name for name, value in values.items() if name not in defaults and _is_for_chart(value, defaults)]
        yield from (IgnoredKey((name,), BELOW.format(name=name)) for name in deeper)
        yield from _ignored({name: value for name, value in values.items() if name not in deeper}, defaults, ())


def _is_for_chart(value: Any, defaults: Values) -> bool:
    """Whether a value has settings of the NATS chart in it, as for a subchart: a `config` with its sections."""
    config = value.get("config") if isinstance(value, dict) else None
    return isinstance(config, dict) and any(isinstance(config.get(name), dict) for name in defaults["config"])


def _ignored(values: Values, defaults: Values | None, above: tuple[str, ...]) -> Iterator[IgnoredKey]:
    for name, value in values.items():
        path = (*above, str(name))
        replacement = _MOVED.get(".".join(path))
        known = defaults is not None and name in defaults
        if replacement is not None and not known:
            yield IgnoredKey(path, f"since chart 1.0 it is {_line(path, replacement, value)}")
        elif known or defaults is None:
            below = defaults[name] if defaults is not None else None
            if isinstance(value, list) and isinstance(below, dict):
                yield IgnoredKey(path, _as_mapping(value), is_list=True)
            elif isinstance(value, dict) and (defaults is None or isinstance(below, dict)):
                yield from _ignored(value, below or None, path) if not _is_open(path) else ()
        else:
            yield from _unknown(value, path, defaults or {})


def _line(path: tuple[str, ...], replacement: str, value: Any) -> str:
    """The key since 1.0, with the value where it can be moved, is short, and can be no secret."""
    key = ".".join(path)
    moved = _FORMS[key](value) if key in _FORMS else None if key in _OTHERWISE else value
    if moved in (None, "", {}, []):
        return replacement
    line = f"{replacement}: {flow(moved)}"
    return f"`{line}`" if len(line) <= _LONGEST and without_secrets(line) == line else replacement


def _image(value: Any) -> Any:
    """`nats:2.9.3-alpine` as a mapping; the mapping of 0.19 is that of 1.0."""
    if not isinstance(value, str):
        return value
    repository, _, tag = value.rpartition(":")
    return {"repository": repository, "tag": tag} if repository and "/" not in tag and "@" not in value else None


def _switch(value: Any) -> Any:
    """`enabled` alone; None for anything else, whose keys have changed."""
    return value if isinstance(value, dict) and set(value) == {"enabled"} else None


def _by_topology(value: Any) -> Any:
    """Constraints as 1.0 has them: by the name of their topology. None for what is no list of them."""
    if not isinstance(value, list) or not all(isinstance(item, dict) and "topologyKey" in item for item in value):
        return None
    return {
        item["topologyKey"]: {key: of for key, of in item.items() if key not in ("topologyKey", "labelSelector")}
        for item in value
    }


def _names(value: Any) -> Any:
    """The names in a list of `{name: NAME}`."""
    if not isinstance(value, list) or not all(isinstance(item, dict) and "name" in item for item in value):
        return None
    return [item["name"] for item in value]


_FORMS: dict[str, Callable[[Any], Any]] = {
    "exporter": _switch,
    "imagePullSecrets": _names,
    "nats.image": _image,
    "natsbox": _switch,
    "natsbox.image": _image,
    "topologySpreadConstraints": _by_topology,
}
"""How a value is written since 1.0, where that is otherwise and can be said; None where it cannot."""


def _as_mapping(entries: list[Any]) -> str:
    """What to write for a list of names and values, such as that of a container's `env`; no value is quoted."""
    names = [str(item["name"]) for item in entries if isinstance(item, dict) and "name" in item]
    written = ", ".join(f"{name}: …" for name in names[:3]) if names else "NAME: …"
    return f"write {{{written}}}"


def _unknown(value: Any, path: tuple[str, ...], siblings: Values) -> Iterator[IgnoredKey]:
    """The keys below an unknown key that are in the table; if there are none, the key itself."""
    moved = list(_ignored(value, None, path)) if isinstance(value, dict) else []
    similar = get_close_matches(path[-1], list(siblings), n=1)
    yield from moved or [IgnoredKey(path, f"did you mean `{similar[0]}`?" if similar else "")]


def _is_open(path: tuple[str, ...]) -> bool:
    return any(
        len(path) == len(open_path) and all(name in (_ANY, step) for name, step in zip(open_path, path, strict=True))
        for open_path in _OPEN
    )
