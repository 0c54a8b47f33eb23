"""Compare two deliveries of one region, object by object, with no exceptions except those listed here.

What may differ between values and post-rendering (docs/values.md has the same list):

- Order: of the settings in nats.conf, of containers, ports, variables, mounts and volumes, which all have names, and of
  the reloader's files. Servers and Kubernetes find them by name.
- `natsvalues.io/restart-digest` and `checksum/config` on the pod template: values turn on the chart's checksum instead
  of the digest, so pods restart at every change of the configuration, not only where a reload would be refused.
- `-gatewayz` of the Prometheus exporter: the chart adds it where its own gateway setting is on, and it changes only
  which metrics are exported.

The place of an object in the stream and its `# Source` comment are not part of the object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.delivery.differences import differences, named_path
from natsvalues.manifests.stamps import CHART_CHECKSUM, RESTART_DIGEST
from natsvalues.records import NamedTuple
from natsvalues.text.natsconf import ConfSyntaxError, includes, read, symbolic
from natsvalues.text.paths import Op, dotted
from natsvalues.text.yamledit import changed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.manifests.release import Release, ResourceKey

CONFIG_FILE = "nats.conf"
IN_CONFIG_FILE = ("data", CONFIG_FILE)
INCLUDES = "include"
"""The key, among the settings of a nats.conf, for the files that it includes at any depth."""
_ANNOTATIONS = ("spec", "template", "metadata", "annotations")
_CONTAINERS = ("spec", "template", "spec", "containers")


class Difference(NamedTuple):
    """One thing that differs in an object. `op` makes it equal; None if only one side has the object.

    `old` is the object before; in it, and in the paths, nats.conf is a mapping of settings.
    """

    key: ResourceKey
    op: Op | None
    old: Any = None

    def __str__(self) -> str:
        if self.op is None:
            return f"{self.key}: {'missing' if self.old is None else 'not expected'}"
        return f"{self.key}: {self.op.op} {dotted(named_path(self.op.path, self.old))}"  # type: ignore[arg-type]

    @property
    def setting(self) -> Op | None:
        """The operation inside nats.conf; None for a difference elsewhere."""
        if self.op is None or self.op.path[: len(IN_CONFIG_FILE)] != IN_CONFIG_FILE:
            return None
        return self.op._replace(path=self.op.path[len(IN_CONFIG_FILE) :])


def unequal(old: Release, new: Release) -> Iterator[Difference]:
    """Every difference between the objects of `old` and of `new`, except for what may differ."""
    before, after = _objects(old), _objects(new)
    for key in {**before, **after}:
        if key not in before or key not in after:
            yield Difference(key, None, before.get(key))
        else:
            yield from (Difference(key, op, before[key]) for op in differences(before[key], after[key]))


def _objects(release: Release) -> dict[ResourceKey, Any]:
    manifests = release.manifests(release.numbers(), lambda _: True)
    return {manifest.key: _comparable(manifest.value) for manifest in manifests}


def _comparable(value: Any) -> Any:
    """The object without what may differ, with nats.conf as settings."""
    kind = value.get("kind")
    if kind == "ConfigMap":
        return _with_settings(value)
    return _without_gatewayz(_without_restart_annotations(value)) if kind == "StatefulSet" else value


def _with_settings(config_map: Any) -> Any:
    text = (config_map.get("data") or {}).get(CONFIG_FILE)
    if not isinstance(text, str):
        return config_map
    try:
        conf = read(text)
    except ConfSyntaxError:
        return config_map  # not a server's configuration: compared as text
    files = sorted(include.path for include in includes(conf))
    return changed(config_map, "replace", IN_CONFIG_FILE, symbolic(conf) | ({INCLUDES: files} if files else {}))


def _without_restart_annotations(stateful_set: Any) -> Any:
    """Without the two annotations, and without the mapping if it has no others."""
    metadata = stateful_set["spec"]["template"]["metadata"]
    if "annotations" not in metadata:
        return stateful_set
    rest = {
        name: text
        for name, text in (metadata["annotations"] or {}).items()
        if name not in (RESTART_DIGEST, CHART_CHECKSUM)
    }
    return changed(stateful_set, "replace" if rest else "remove", _ANNOTATIONS, rest or None)


def _without_gatewayz(stateful_set: Any) -> Any:
    for number, container in enumerate(stateful_set["spec"]["template"]["spec"].get("containers") or []):
        arguments = container.get("args")
        if container.get("name") == "prom-exporter" and isinstance(arguments, list):
            rest = [word for word in arguments if word != "-gatewayz"]
            return changed(stateful_set, "replace", (*_CONTAINERS, number, "args"), rest)
    return stateful_set
