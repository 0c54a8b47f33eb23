"""Which Secrets that a release names and does not make are in the cluster; of their data only the keys are used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.diff.changes import Note
from natsvalues.errors import NatsvaluesError
from natsvalues.manifests.chart import all_nats
from natsvalues.manifests.named_secrets import not_made
from natsvalues.outside.kubectl import live_objects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.manifests.named_secrets import NamedSecret
    from natsvalues.manifests.release import Release


def missing_secrets(release: Release, namespace: str, context: str, kubectl: list[str]) -> Iterator[Note]:
    """A note for each Secret without which the pods of a release do not start, and that is not in the cluster."""
    named = [secret for nats in all_nats(release) for secret in not_made(release, nats)]
    try:
        there = secrets_there(named, namespace, kubectl)
    except NatsvaluesError as error:
        names = ", ".join(secret.name for secret in named)
        yield Note("none", f"not looked at: whether there are the Secrets {names} ({error.message})")
        return
    where = f"namespace `{namespace}`" + (f" of context `{context}`" if context else "")
    for secret in dict.fromkeys(named):
        lacks = secret.missing_keys(there.get(secret.name))
        if secret.name in there and not lacks:
            continue
        what = f"there is no Secret `{secret.name}`"
        if secret.name in there:
            what = f"Secret `{secret.name}` has no key `{lacks[0]}`"
        yield Note(
            "outage",
            f"{what} in {where}: pods of the new release do not start without it",
            f"{secret.create(namespace, context)}; "
            "`natsvalues docs stages`, section Secrets, has it with cert-manager.",
        )


def secrets_there(named: list[NamedSecret], namespace: str, kubectl: list[str]) -> dict[str, set[str]]:
    """The keys of those of the Secrets that exist, by name. Raises NatsvaluesError if kubectl cannot read them."""
    live = live_objects([_identity(secret, namespace) for secret in named], kubectl)
    return {item["metadata"]["name"]: set(item.get("data") or ()) for item in live}


def _identity(secret: NamedSecret, namespace: str) -> dict[str, Any]:
    metadata = {"name": secret.name, "namespace": secret.namespace or namespace}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata}
