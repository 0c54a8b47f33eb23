"""What the API server refuses of a region's next release, and how its first upgrade gets through with every volume.

facts: manifests/transitions.py has what is refused. A StatefulSet that is deleted with --cascade=orphan leaves its pods
and its volume claims; one of the same name adopts the pods that its selector matches, and finds a claim by its name,
TEMPLATE-POD (Kubernetes documentation, StatefulSet; tests/cluster/test_plan_immutable.py with Helm 3 and 4). A pod has
a DNS name only under the Service that was its StatefulSet's serviceName when it was created, and routes use that name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.manifests.quantities import quantity
from natsvalues.records import NamedTuple
from natsvalues.runbook.data import is_to_be_emptied
from natsvalues.runbook.step import Act

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.manifests.transitions import Refusal
    from natsvalues.runbook.draft import Draft
    from natsvalues.runbook.place import Place
    from natsvalues.supercluster.losses import Loss

    Value = dict[str, Any]

WAY = "recreate"
IMMUTABLE = "immutable-field"
"""What the upgrade then allows the post-renderer, which would refuse the change as the API server does."""
_NO_WAY = ("statefulset-name", "store-directory", "store-claim", "store-mount", "store-size")
"""Losses of what is in a store that no way of a plan prevents, but those that restore everything from a backup."""
_ANEW = ("Deployment", "DaemonSet", "ReplicaSet", "Job", "RoleBinding", "ClusterRoleBinding")
"""Kinds that are deleted and created again by the upgrade; nothing outside depends on their identity."""
_SECTION = "`natsvalues docs plan`, section From chart 0.x, has the values that keep them"


class Refused(NamedTuple):
    """An object of which the API server refuses the change, as it is installed and as it is in the next release."""

    old: Value
    new: Value
    refusals: tuple[Refusal, ...]


class Upgrade(NamedTuple):
    """What the next release of a region, which was rendered with the user's values, changes.

    `chart` is the version of the chart that is installed; `ignored` are the keys of its values that the next chart
    ignores, which are only looked at if that is another major version.
    """

    refused: tuple[Refused, ...] = ()
    losses: tuple[Loss, ...] = ()
    chart: str = ""
    ignored: tuple[str, ...] = ()

    @property
    def is_from_old_chart(self) -> bool:
        """Whether a chart before 1.0 is installed, whose values and names are other ones."""
        return self.chart.startswith("0.")


def refuse_changes(draft: Draft) -> None:
    """Refuse what loses a store, or cannot be done without a gap, and say which values keep it as it is."""
    for name, upgrade in _upgrades_of(draft):
        if upgrade.ignored:
            shown = ", ".join(f"`{key}`" for key in upgrade.ignored[:3])
            more = f" and {len(upgrade.ignored) - 3} more" if len(upgrade.ignored) > 3 else ""  # noqa: PLR2004
            draft.refuse(
                name,
                WAY,
                f"its values are for chart {upgrade.chart}, and the next chart ignores {shown}{more}",
                "natsvalues lint --chart CHART -f FILE says of each which key has replaced it (HS010); " + _SECTION,
            )
            continue
        for loss in upgrade.losses:
            if loss.kind in _NO_WAY and not _is_restored(draft, name):
                draft.refuse(name, WAY, loss.message, f"{loss.manual.remedy}{_keeping(upgrade, loss.kind)}")
        for item in upgrade.refused:
            for refusal in item.refusals:
                reason = _no_way(item, refusal, upgrade)
                if reason:
                    draft.refuse(name, WAY, *reason)


def _is_restored(draft: Draft, name: str) -> bool:
    """Whether the region has no stream, or a way of the plan restores all of them from a backup."""
    place = draft.places[name]
    return not draft.now[name].is_clustered or not place.has_data or place.is_lost or is_to_be_emptied(draft, name)


def _keeping(upgrade: Upgrade, kind: str) -> str:
    """The chart's value that keeps the store's claim."""
    claims = [claim for item in upgrade.refused for claim in _claims(item.old)]
    value = f" In the chart's values: config.jetstream.fileStore.pvc.name: {claims[0]}." if claims else ""
    section = f" {_SECTION}." if upgrade.is_from_old_chart else ""
    return (value if kind == "store-claim" else "") + section


def _no_way(item: Refused, refusal: Refusal, upgrade: Upgrade) -> tuple[str, str] | None:
    """Why there is no way for this change, and what to do; None if there is one."""
    kind, name = item.new.get("kind"), item.new["metadata"]["name"]
    section = f" {_SECTION}." if upgrade.is_from_old_chart else ""
    if kind == "StatefulSet" and refusal.path == ("spec", "serviceName") and item.old["spec"].get("replicas", 1) > 1:
        old, new = (value["spec"].get("serviceName") for value in (item.old, item.new))
        reason = (
            f"serviceName of the StatefulSet `{name}` changes from `{old}` to `{new}`: while pods are replaced, those "
            "with the old name and those with the new one have no DNS names for each other, and form no cluster"
        )
        remedy = (
            f"keep the name, in the chart's values: headlessService.name: {old}, and another service.name if that is "
            f"the same.{section}"
        )
        return reason, remedy
    if kind == "StatefulSet" or kind in _ANEW:
        return None
    return f"{kind} `{name}`: {refusal.reason}", refusal.remedy.replace("\n", " ")


def is_refused(place: Place) -> bool:
    """Whether the API server refuses the region's upgrade as it is."""
    return place.upgrade is not None and bool(place.upgrade.refused)


def _upgrades_of(draft: Draft) -> Iterator[tuple[str, Upgrade]]:
    for name, place in draft.places.items():
        if place.upgrade is not None:
            yield name, place.upgrade


def recreate(draft: Draft) -> None:
    """Before each region's first upgrade: delete what cannot change, and leave the servers running."""
    for name, upgrade in _upgrades_of(draft):
        number = next((at for at, step in enumerate(draft.steps) if _upgrades(step.acts, name)), None)
        if number is None or not upgrade.refused:
            continue
        step = draft.steps[number]
        acts = [act for item in upgrade.refused for act in _acts(name, item)]
        upgraded = [act._replace(other=IMMUTABLE) if act.kind == "upgrade" else act for act in step.acts]
        words = ". ".join(_words(item) for item in upgrade.refused)
        back = "helm rollback is refused in the same way: first delete the StatefulSet with --cascade=orphan again"
        draft.steps[number] = step._replace(
            acts=(*acts, *upgraded),
            effect=f"{step.effect}. {words}",
            back=f"{step.back}. {back}" if step.back else back,
        )


def _upgrades(acts: tuple[Act, ...], region: str) -> bool:
    return any(act.kind == "upgrade" and act.region == region for act in acts)


def _words(item: Refused) -> str:
    fields = ", ".join(str(refusal.path[-1]) for refusal in item.refusals)
    kind, name = item.new["kind"], item.new["metadata"]["name"]
    if kind != "StatefulSet":
        return f"The {kind} {name} is deleted first, and created anew: its {fields} cannot change"
    return (
        f"The StatefulSet {name} is deleted first and its pods stay, since its {fields} cannot change; the new one "
        "takes them over. Until then nothing replaces a pod that ends: run these commands one right after the other. "
        "Volume claims that exist stay as they are, but for a size that grows"
    )


def _acts(region: str, item: Refused) -> Iterator[Act]:
    kind, name = item.new["kind"], item.new["metadata"]["name"]
    if kind != "StatefulSet":
        yield Act("kubectl", region, ("delete", f"{kind.lower()}/{name}", "--ignore-not-found"))
        return
    yield from _expanded(region, name, item)
    yield Act("kubectl", region, ("delete", f"statefulset/{name}", "--cascade=orphan", "--ignore-not-found"))
    old, new = (value["spec"]["selector"].get("matchLabels") or {} for value in (item.old, item.new))
    labels = [f"{key}={text}" for key, text in new.items() if old.get(key) != text]
    if labels:
        pods = [f"pod/{name}-{number}" for number in range(item.old["spec"].get("replicas", 1))]
        yield Act("kubectl", region, ("label", *pods, *labels, "--overwrite"))


def _expanded(region: str, name: str, item: Refused) -> Iterator[Act]:
    """Claims that are to be larger: the template counts for new ones only. The storage class must allow it."""
    before = _claims(item.old)
    for claim, size in _claims(item.new).items():
        was, wanted = quantity(before.get(claim) or 0), quantity(size or 0)
        if claim not in before or was is None or wanted is None or wanted <= was:
            continue
        patch = f'{{"spec":{{"resources":{{"requests":{{"storage":"{size}"}}}}}}}}'
        for number in range(item.old["spec"].get("replicas", 1)):
            yield Act("kubectl", region, ("patch", f"pvc/{claim}-{name}-{number}", "-p", patch))


def _claims(statefulset: Value) -> dict[str, Any]:
    """The claims of a StatefulSet by name, each with the storage that it requests."""
    claims = {}
    for claim in statefulset.get("spec", {}).get("volumeClaimTemplates") or ():
        requests = ((claim.get("spec") or {}).get("resources") or {}).get("requests") or {}
        claims[claim["metadata"]["name"]] = requests.get("storage")
    return claims
