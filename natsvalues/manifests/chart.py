"""Find the parts of the upstream NATS chart by containers, ports, mounts and labels, never by object names.

A NATS server is a StatefulSet with a container that runs a nats image (or is called `nats`), has a client
port, and reads a configuration file that a ConfigMap of the same release mounts into it.
"""

from __future__ import annotations

import posixpath
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from natsvalues.errors import NatsvaluesError, Where
from natsvalues.manifests.release import Manifest, Release, empty_input
from natsvalues.manifests.server import ServerVersion, version_of_image
from natsvalues.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.manifests.plain import Plain

CLIENT_PORT = 4222
MONITOR_PORT = 8222
GATEWAY_PORT_NAME = "gateway"
INSTANCE_LABEL = "app.kubernetes.io/instance"
"""The label that names the release."""
MANAGED_BY_LABEL = "app.kubernetes.io/managed-by"
"""The label that names the tool: `Helm` for the objects of its releases."""
POD_NAME_LABEL = "statefulset.kubernetes.io/pod-name"
"""The label by which a Service selects one pod; Kubernetes puts it on the pods of a StatefulSet."""


class Nats(NamedTuple):
    """One NATS installation inside a release."""

    statefulset: Manifest
    container: str
    config_map: Manifest
    config_key: str
    plain: Plain | None = None
    """The file it was read from, where that is a nats.conf without Kubernetes objects."""

    @property
    def name(self) -> str:
        """The StatefulSet's name."""
        return self.statefulset.key.name

    @property
    def namespace(self) -> str:
        """The namespace in the rendering; empty where helm's namespace applies."""
        return self.statefulset.key.namespace

    @property
    def pod_labels(self) -> dict[str, Any]:
        """Labels of the pods, by which Services select them."""
        labels = _dig(self.statefulset.value, "spec", "template", "metadata", "labels")
        return labels if isinstance(labels, dict) else {}

    @property
    def container_value(self) -> dict[str, Any]:
        """The server's container."""
        containers = self.statefulset.value["spec"]["template"]["spec"]["containers"]
        return next(item for item in mappings(containers) if item.get("name") == self.container)

    @property
    def version(self) -> ServerVersion:
        """The server's version according to the image's tag."""
        return version_of_image(str(self.container_value.get("image", "")))

    @property
    def env(self) -> list[dict[str, Any]]:
        """The environment variables of the server's container."""
        return mappings(self.container_value.get("env"))

    @property
    def conf(self) -> str:
        """Text of the server's configuration file."""
        if self.plain is not None:
            return self.plain.text
        text: str = self.config_map.value["data"][self.config_key]
        return text

    def is_meant_by(self, name: str | None, namespace: str | None) -> bool:
        """Whether a selector of StatefulSet name and namespace, either of which may be None, matches this one."""
        return name in (None, self.name) and namespace in (None, self.namespace)


def find_nats(release: Release, name: str | None = None, namespace: str | None = None) -> Nats:
    """The only NATS of the release, or the one whose StatefulSet has that name and namespace.

    Raises NatsvaluesError for a stream that is empty, is not YAML, or has no such NATS, or more than one.
    """
    installations = all_nats(release)
    chosen = [nats for nats in installations if nats.is_meant_by(name, namespace)]
    if len(chosen) == 1:
        _require_identity(release, chosen[0])
        return chosen[0]
    if chosen:
        raise NatsvaluesError(
            "NV-I004",
            f"the release has {len(chosen)} NATS servers: {_names(chosen)}",
            where=tuple(release.where(nats.statefulset.line, f"StatefulSet/{nats.name}") for nats in chosen),
            hint=f"select the one of the region in its overlay, for example\nnats: {{name: {chosen[0].name}}}",
        )
    if installations:
        raise NatsvaluesError(
            "NV-I005",
            f"the release has no NATS named `{name or ''}`" + (f" in namespace `{namespace}`" if namespace else ""),
            where=(release.where(installations[0].statefulset.line),),
            hint=f"there is: {_names(installations)}; correct `nats` in the region's overlay",
        )
    raise no_nats(release)


def _require_identity(release: Release, nats: Nats) -> None:
    """Raise for a StatefulSet without API or name, or whose pods no Service could select: the API server refuses it."""
    selector = _dig(nats.statefulset.value, "spec", "selector", "matchLabels") or nats.pod_labels
    if nats.statefulset.key.group != "apps":
        lacks, field = "is none of apps/v1", "apiVersion"
    elif not nats.name:
        lacks, field = "has no name", "metadata.name"
    elif not selector or any(nats.pod_labels.get(key) != text for key, text in selector.items()):
        lacks, field = "selects no pods of its own", "spec.template.metadata.labels"
    else:
        return
    raise NatsvaluesError(
        "NV-I014",
        f"the StatefulSet of the NATS server {lacks}: see `{field}`",
        where=(release.where(nats.statefulset.line_of(*field.split(".")), field),),
        hint="the API server refuses it: correct the chart's values",
    )


def _names(installations: list[Nats]) -> str:
    return ", ".join(f"{nats.namespace}/{nats.name}".lstrip("/") for nats in installations)


def no_nats(release: Release) -> NatsvaluesError:
    """The error for a release without NATS: empty, not YAML, or other objects only."""
    if release.is_empty:
        return empty_input(release.file)
    release.require_readable(release.numbers())
    from natsvalues.manifests.plain import no_rendering  # in an error only

    plain = no_rendering(release.text(), release.file)
    if plain is not None:
        return plain
    kinds: dict[str, int] = {}
    for manifest in release.manifests(release.numbers(), lambda _: True):
        kinds[manifest.key.kind] = kinds.get(manifest.key.kind, 0) + 1
    seen = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())) or "no Kubernetes object"
    misses = _near_misses(release)
    return NatsvaluesError(
        "NV-I003",
        "the release has no NATS server: no StatefulSet whose container runs nats-server with a mounted nats.conf",
        where=tuple(misses) or (Where(release.file),),
        hint=f"found: {seen}\nuse natsvalues as post-renderer of the release that installs the NATS chart",
    )


def _near_misses(release: Release) -> list[Where]:
    """The StatefulSets that have a container called nats, or with its image, and what they lack."""
    return [
        release.where(statefulset.line, f"{statefulset.key}: {problem}")
        for statefulset in _statefulsets(release, "nats")
        for problem in _examined(release, statefulset)
        if isinstance(problem, str)
    ]


def all_nats(release: Release) -> list[Nats]:
    """Every NATS of the release, in the stream's order."""
    if release.plain:
        return list(release.plain)
    # Only documents that contain one of these words are parsed.
    candidates = _statefulsets(release, "nats", "configMap", "volumeMounts", "config")
    examined = (_examined(release, statefulset) for statefulset in candidates)
    firsts = (next((item for item in items if isinstance(item, Nats)), None) for items in examined)
    return [nats for nats in firsts if nats is not None]


def _statefulsets(release: Release, *words: str) -> list[Manifest]:
    return release.manifests(
        release.mentioning("StatefulSet", *words), lambda manifest: manifest.key.kind == "StatefulSet"
    )


def _examined(release: Release, statefulset: Manifest) -> Iterator[Nats | str]:
    """For each container that is named nats or runs it: the NATS, or what is missing."""
    pod = _dig(statefulset.value, "spec", "template", "spec")
    containers = pod.get("containers") if isinstance(pod, dict) else None
    for container in containers if isinstance(containers, list) else ():
        if _is_called_nats(container):
            nats = _nats_of(release, statefulset, pod, container)
            yield f"container `{container.get('name')}` {nats}" if isinstance(nats, str) else nats


def _nats_of(release: Release, statefulset: Manifest, pod: dict[str, Any], container: dict[str, Any]) -> Nats | str:
    """The NATS that a container runs, or what is missing, as the end of a sentence about the container."""
    if not isinstance(container.get("name"), str):
        return "has no name"
    if not _has_client_port(container):
        return f"has no port `nats` or {CLIENT_PORT}"
    path = config_path(container)
    if path is None:
        return "names no configuration file (--config FILE)"
    mounted = _config_map_of(pod, container, path)
    if mounted is None:
        return f"does not mount {path} from a ConfigMap"
    key = posixpath.basename(path)
    config_map = _find_config_map(release, mounted, statefulset.key.namespace, key)
    if config_map is None:
        return f"mounts ConfigMap `{mounted}`, which the release does not have with a {key}"
    return Nats(statefulset, str(container["name"]), config_map, key)


def _is_called_nats(container: Any) -> bool:
    if not isinstance(container, dict):
        return False
    image = str(container.get("image", "")).split("@")[0].rsplit("/", 1)[-1].split(":")[0]
    return container.get("name") == "nats" or image in ("nats", "nats-server")


def _has_client_port(container: dict[str, Any]) -> bool:
    ports = container.get("ports")
    return any(
        isinstance(port, dict) and (port.get("name") == "nats" or port.get("containerPort") == CLIENT_PORT)
        for port in (ports if isinstance(ports, list) else ())
    )


def config_path(container: dict[str, Any]) -> str | None:
    """The path of the configuration file on the container's command line; None if there is none."""
    return option(container, "c", "config")


class Argument(NamedTuple):
    """A word of the container's command line that gives an option its value.

    `part` is `command` or `args`, `flag` the option with `=` where both are one word, and empty where they are two.
    """

    part: str
    position: int
    flag: str
    value: str


def option(container: dict[str, Any], *names: str) -> str | None:
    """The value of an option with one of these names on the container's command line; None without one."""
    given = argument(container, *names)
    return given.value if given is not None else None


def argument(container: dict[str, Any], *names: str) -> Argument | None:
    """The word with the value of an option on the container's command line; None without one.

    With one dash or two, as Go's `flag` package reads it; the last one counts (run on 2.14.2).
    """
    words = _words(container)
    last = None
    for (part, index, word), following in zip_longest(words, words[1:]):
        flag, equals, attached = word.partition("=")
        if _is_option(flag, names):
            if equals:
                last = Argument(part, index, f"{flag}=", attached)
            elif following is not None:
                last = Argument(following[0], following[1], "", following[2])
    return last


def switch(container: dict[str, Any], *names: str) -> bool | None:
    """Whether an option without a value is on or off on the container's command line; None if it is not there."""
    state = None
    for _, _, word in _words(container):
        flag, equals, attached = word.partition("=")
        if _is_option(flag, names):
            state = not equals or attached in ("1", "t", "T", "true", "TRUE", "True")
    return state


def _words(container: dict[str, Any]) -> list[tuple[str, int, str]]:
    return [
        (part, index, str(word))
        for part in ("command", "args")
        if isinstance(container.get(part), list)
        for index, word in enumerate(container[part])
    ]


def _is_option(flag: str, names: tuple[str, ...]) -> bool:
    return flag.startswith("-") and flag.removeprefix("-").removeprefix("-") in names


def drains_on_stop(container: dict[str, Any]) -> bool:
    """Whether the container's preStop hook puts the server into lame duck mode; SIGTERM alone stops it at once."""
    hook = (container.get("lifecycle") or {}).get("preStop")
    return "ldm" in str(hook)


def _config_map_of(pod: dict[str, Any], container: dict[str, Any], path: str) -> str | None:
    folder = posixpath.dirname(path)
    mounts = {
        str(mount.get("mountPath")).rstrip("/"): mount.get("name") for mount in mappings(container.get("volumeMounts"))
    }
    volume = mounts.get(folder) or mounts.get(path)  # the folder, or the one file by subPath
    for candidate in mappings(pod.get("volumes")):
        if candidate.get("name") == volume and volume:
            name = _dig(candidate, "configMap", "name")
            return str(name) if name else None
    return None


def _find_config_map(release: Release, name: str, namespace: str, key: str) -> Manifest | None:
    matches = release.manifests(
        release.mentioning("ConfigMap", name, key),
        lambda manifest: (
            manifest.key.kind == "ConfigMap"
            and manifest.key.name == name
            and manifest.key.namespace == namespace
            and isinstance(_dig(manifest.value, "data", key), str)
        ),
    )
    return matches[-1] if matches else None


def joined(file: str, path: str) -> str:
    """The path of a file that `file` includes, from the folder of nats.conf: the server joins it to `file`'s folder."""
    return posixpath.normpath(f"{posixpath.dirname(file) or '.'}/{path}")


def container_ports(container: dict[str, Any]) -> dict[str, int]:
    """The numbers of the container's ports, by name."""
    return {
        str(port.get("name")): int(port["containerPort"])
        for port in mappings(container.get("ports"))
        if isinstance(port.get("containerPort"), int)
    }


def mappings(value: Any) -> list[dict[str, Any]]:
    """The mappings in a list; empty for anything else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _dig(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value
