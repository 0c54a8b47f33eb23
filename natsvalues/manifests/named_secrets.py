"""The Secrets that pods use, and those of them that a release names and does not make."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from natsvalues.manifests.chart import mappings
from natsvalues.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Container

    from natsvalues.manifests.chart import Nats
    from natsvalues.manifests.release import Manifest, Release

CERTIFICATE, KEY = "tls.crt", "tls.key"


class NamedSecret(NamedTuple):
    """A Secret that pods do not start without: its name, its namespace (empty: the release's), and known keys."""

    name: str
    namespace: str
    keys: tuple[str, ...]

    def missing_keys(self, there: Container[str] | None) -> tuple[str, ...]:
        """Its keys that are not among those that a Secret in the cluster has; all if there is none."""
        return tuple(key for key in self.keys if there is None or key not in there)

    def create(self, namespace: str = "", context: str = "") -> str:
        """The command that makes it from files, so that no secret is on a command line."""
        place = self.namespace or namespace
        words = f" -n {place}" if place else ""
        words += f" --context {context}" if context else ""
        if self.keys == (CERTIFICATE, KEY):
            return f"kubectl create secret tls {self.name}{words} --cert={CERTIFICATE} --key={KEY}"
        kind = " --type=kubernetes.io/tls" if {CERTIFICATE, KEY} <= set(self.keys) else ""
        files = " ".join(f"--from-file={key}={key}" for key in self.keys) or "--from-file=KEY=FILE"
        return f"kubectl create secret generic {self.name}{words}{kind} {files}"


def not_made(release: Release, nats: Nats) -> tuple[NamedSecret, ...]:
    """The Secrets that the pods of a NATS must have and the release does not make, by name."""
    pod = nats.statefulset.value["spec"]["template"]["spec"]
    used = {name: keys for name, (keys, optional) in secrets_of(pod).items() if not optional}
    mentioned = {number for name in used for number in release.mentioning("Secret", name)}
    made = {item.key.name for item in release.manifests(sorted(mentioned), _is_secret)}
    return tuple(
        NamedSecret(name, nats.namespace, tuple(sorted(keys | _mounted_keys(nats, pod, name))))
        for name, keys in sorted(used.items())
        if name not in made
    )


def _is_secret(manifest: Manifest) -> bool:
    return manifest.key.kind == "Secret"


def _mounted_keys(nats: Nats, pod: dict[str, Any], secret: str) -> set[str]:
    """The files of a mounted Secret that nats.conf names: what is mounted whole has no keys stated elsewhere."""
    volumes = {
        str(volume.get("name"))
        for volume in mappings(pod.get("volumes"))
        if (volume.get("secret") or {}).get("secretName") == secret
    }
    folders = [
        str(mount.get("mountPath")).rstrip("/")
        for mount in mappings(nats.container_value.get("volumeMounts"))
        if str(mount.get("name")) in volumes
    ]
    return {key for folder in folders for key in re.findall(rf"{re.escape(folder)}/([\w.-]+)", nats.conf)}


def secrets_of(pod: Any) -> dict[str, tuple[set[str], bool]]:
    """The Secrets that a pod template uses: the keys that must be there, and whether it starts without them."""
    used: dict[str, tuple[set[str], bool]] = {}

    def note(name: Any, keys: set[str], *, optional: bool) -> None:
        if name:
            known, was = used.get(str(name), (set(), True))
            used[str(name)] = (known | keys, was and optional)

    for volume in mappings(pod.get("volumes")):
        projected = [item.get("secret") for item in mappings((volume.get("projected") or {}).get("sources"))]
        for source in mappings([volume.get("secret"), *projected]):
            keys = {str(item.get("key")) for item in mappings(source.get("items"))}
            note(source.get("secretName") or source.get("name"), keys, optional=bool(source.get("optional")))
    for container in mappings(pod.get("containers")):
        for item in mappings(container.get("env")):
            reference = (item.get("valueFrom") or {}).get("secretKeyRef")
            if isinstance(reference, dict):
                key = {str(reference.get("key"))}
                note(reference.get("name"), key, optional=bool(reference.get("optional")))
        for item in mappings(container.get("envFrom")):
            reference = item.get("secretRef")
            if isinstance(reference, dict):
                note(reference.get("name"), set(), optional=bool(reference.get("optional")))
    return used
