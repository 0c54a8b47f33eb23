"""`--live`: drift, where the cluster differs from the old release. Reads only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.cli.diff.regions import contexts_of
from natsvalues.cli.diff.upgrade import helm_words
from natsvalues.cli.helm_words import CLUSTER
from natsvalues.cli.secrets_there import missing_secrets
from natsvalues.delivery.flux import apart
from natsvalues.diff.beside import beside
from natsvalues.diff.drift import Upgrade, drift, orphans
from natsvalues.errors import NatsvaluesError, Where
from natsvalues.manifests.objects import Entry, entries
from natsvalues.outside.helm import applies_on_server
from natsvalues.outside.kubectl import live_objects, made_by_helm, options

if TYPE_CHECKING:
    from natsvalues.cli.diff.comparison import Sides
    from natsvalues.cli.diff.options import DiffOptions
    from natsvalues.cli.helm_words import HelmWords
    from natsvalues.diff.changes import About


def with_drift(sides: Sides, diff_options: DiffOptions) -> Sides:
    """The sides with the drift from the old one, and notes on Secrets that the new one needs and nobody made.

    Raises NatsvaluesError (NV-D008) if the old side is not a release of a cluster, nor a place for one.
    """
    about = sides.old.about
    if not about.release:
        raise NatsvaluesError(
            "NV-D008",
            "--live needs a release in the cluster as the old release",
            where=(Where(about.label),),
            hint="natsvalues diff RELEASE CHART --live, or release:NAME as the old release",
        )
    words, _ = helm_words(diff_options)
    if sides.region and not words.has("kube-context"):
        context = contexts_of(diff_options.context_of).get(sides.region, sides.region)
        words = words._replace(options=(*words.options, ("kube-context", ("--kube-context", context))))
    pairs = [(name, value) for name in CLUSTER if (value := words.value(name)) is not None]
    kubectl = options(pairs, about.namespace)
    secrets = missing_secrets(sides.new.release, about.namespace, about.context, kubectl)
    sides = sides._replace(notes=(*secrets, *sides.notes))
    if about.revision is None:  # nothing is released yet
        left = orphans(sides.old.release, [], made_by_helm(kubectl), about.release, about.namespace)
        return sides._replace(drift=tuple(left))
    stated = [entry for entry in entries(sides.old.release, sides.old.release.numbers()) if not entry.is_hook]
    flux = [entry._replace(value=apart(entry.value)) for entry in beside(sides.old, sides.new)]
    stated += flux
    live = live_objects([_identity(entry, about.namespace) for entry in stated], kubectl)
    planned = entries(sides.new.release, sides.new.release.numbers())
    conflicts = _meets_conflicts(words, about)
    upgrade = Upgrade(planned, conflicts, sides.decision, frozenset(entry.key for entry in flux))
    differences = [
        *drift(sides.old.release, stated, live, about.namespace, upgrade),
        *orphans(sides.old.release, stated, made_by_helm(kubectl), about.release, about.namespace),
    ]
    return sides._replace(drift=tuple(differences))


def _meets_conflicts(words: HelmWords, about: About) -> bool:
    """Whether an upgrade with these words uses server-side apply; without --server-side, whether the last one did."""
    if words.has("force-conflicts"):
        return False
    server_side = words.value("server-side")
    if server_side in ("true", "false"):
        return server_side == "true"
    return applies_on_server(about.release, [*words.cluster, "--namespace", about.namespace])


def _identity(entry: Entry, namespace: str) -> dict[str, Any]:
    """What kubectl needs to find an object; it ignores the namespace of kinds that have none."""
    metadata = {"name": entry.key.name, "namespace": entry.key.namespace or namespace}
    return {"apiVersion": entry.value.get("apiVersion"), "kind": entry.key.kind, "metadata": metadata}
