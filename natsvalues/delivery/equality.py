"""Whether two deliveries of one region are equal: every object of one in the other, with the same meaning.

What may differ is `DECLARED`, and nothing else: everything that Kubernetes or the servers would act on is compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.delivery.chart_objects import CONFIG_FILE
from natsvalues.delivery.differences import differences, named_path
from natsvalues.manifests.release import FILENAME_ANNOTATION
from natsvalues.manifests.stamps import CHART_CHECKSUM, RESTART_DIGEST
from natsvalues.text.natsconf import read, symbolic
from natsvalues.text.paths import dotted
from natsvalues.text.yamledit import changed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.manifests.release import Release, ResourceKey

DECLARED = {
    "layout": "The order of settings in nats.conf, of containers, ports, variables, mounts and volumes, and of the "
    "files that the reloader watches. Servers and Kubernetes find them by name.",
    "rolling": f"`{RESTART_DIGEST}` and `{CHART_CHECKSUM}` on the pod template: values turn the chart's checksum on "
    "instead of the digest, so pods restart at every change of the configuration, not only where a reload is refused.",
    "source": "Where an object comes from: `# Source` and Helm 4's annotation.",
    "exporter": "`-gatewayz` of the Prometheus exporter, which the chart gives it where its own gateway setting is on.",
}
"""What differs between values and post-rendering, and why that is all right."""
_POD = ("spec", "template")
_ANNOTATIONS = (*_POD, "metadata", "annotations")


def unequal(left: Release, right: Release) -> Iterator[str]:
    """For each thing that differs otherwise than declared: the object, the path, and what is to do on the left."""
    mine, theirs = _objects(left), _objects(right)
    for key in {**mine, **theirs}:
        if key not in theirs or key not in mine:
            yield f"{key}: only {'here' if key in mine else 'there'}"
            continue
        for op in differences(mine[key], theirs[key]):
            yield f"{key}: {op.op} {dotted(named_path(op.path, mine[key]))}"  # type: ignore[arg-type]  # keys, numbers


def _objects(release: Release) -> dict[ResourceKey, Any]:
    found = release.manifests(release.numbers(), lambda _: True)
    return {manifest.key: _comparable(manifest.value) for manifest in found}


def _comparable(value: dict[str, Any]) -> dict[str, Any]:
    """The object without what is declared, with nats.conf as settings."""
    value = _without(value, ("metadata", "annotations"), {FILENAME_ANNOTATION})
    text = (value.get("data") or {}).get(CONFIG_FILE) if value.get("kind") == "ConfigMap" else None
    if isinstance(text, str):
        value = changed(value, "replace", ("data", CONFIG_FILE), symbolic(read(text)))
    if value.get("kind") == "StatefulSet":
        value = _without(value, _ANNOTATIONS, {RESTART_DIGEST, CHART_CHECKSUM})
        for number, container in enumerate(value["spec"]["template"]["spec"].get("containers") or []):
            args = container.get("args")
            if container.get("name") == "prom-exporter" and isinstance(args, list):
                path = (*_POD, "spec", "containers", number, "args")
                value = changed(value, "replace", path, [word for word in args if word != "-gatewayz"])
    return value


def _without(value: Any, path: tuple[str, ...], names: set[str]) -> Any:
    at = value
    for key in path:
        at = at.get(key) if isinstance(at, dict) else None
    if not isinstance(at, dict) or names.isdisjoint(at):
        return value
    return changed(value, "replace", path, {key: item for key, item in at.items() if key not in names})
