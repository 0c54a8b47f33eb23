"""`--live`: what differs in the cluster from the old release. Reads only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.cli.diff_upgrade import words_of
from natsvalues.cli.helm_words import CLUSTER
from natsvalues.diff.drift import Upgrade, drift, orphans
from natsvalues.errors import NatsvaluesError, Where
from natsvalues.manifests.objects import Entry, entries
from natsvalues.outside.helm import applies_on_server
from natsvalues.outside.kubectl import live_objects, made_by_helm, options

if TYPE_CHECKING:
    from natsvalues.cli.diff_options import DiffOptions
    from natsvalues.cli.diff_upgrade import Sides
    from natsvalues.cli.helm_words import HelmWords
    from natsvalues.diff.changes import About


def with_drift(sides: Sides, asked: DiffOptions) -> Sides:
    """The sides, with what the cluster has otherwise than the old one says."""
    about = sides.old.about
    if not about.release:
        raise NatsvaluesError(
            "NV-D008",
            "--live compares a release in the cluster, and the old side is none",
            where=(Where(about.label),),
            hint="natsvalues diff RELEASE CHART --live, or release:NAME as the old side",
        )
    words, _ = words_of(asked)
    if sides.region and not words.has("kube-context"):
        context = dict(pair.split("=", 1) for pair in asked.context_of).get(sides.region, sides.region)
        words = words._replace(options=(*words.options, ("kube-context", ("--kube-context", context))))
    pairs = [(name, value) for name in CLUSTER if (value := words.value(name)) is not None]
    kubectl = options(pairs, about.namespace)
    stated = [entry for entry in entries(sides.old.release, sides.old.release.numbers()) if not entry.is_hook]
    live = live_objects([_identity(entry, about.namespace) for entry in stated], kubectl)
    planned = entries(sides.new.release, sides.new.release.numbers())
    found = [
        *drift(stated, live, about.namespace, Upgrade(planned, _meets_conflicts(words, about))),
        *orphans(made_by_helm(kubectl), stated, about.release, about.namespace),
    ]
    return sides._replace(drift=tuple(found))


def _meets_conflicts(words: HelmWords, about: About) -> bool:
    """Whether an upgrade with these words applies on the server's side, as the last one did if they do not say."""
    if words.has("force-conflicts"):
        return False
    told = words.value("server-side")
    if told in ("true", "false"):
        return told == "true"
    return applies_on_server(about.release, [*words.cluster, "--namespace", about.namespace])


def _identity(entry: Entry, namespace: str) -> dict[str, Any]:
    """What kubectl needs to find an object; kinds without a namespace do not mind one."""
    metadata = {"name": entry.key.name, "namespace": entry.key.namespace or namespace}
    return {"apiVersion": entry.value.get("apiVersion"), "kind": entry.key.kind, "metadata": metadata}
