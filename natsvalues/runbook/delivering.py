"""The steps from one delivery of a region to another, with which the gateway's Service stays: docs/delivery.md.

Nothing here says what a region is: the same chart, values and overlays make the same objects in every delivery.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from natsvalues.errors import NatsvaluesError
from natsvalues.manifests.objects import HELM_RELEASE, HELM_RELEASE_NAMESPACE
from natsvalues.manifests.stamps import RESTART_DIGEST
from natsvalues.records import NamedTuple
from natsvalues.runbook import deliveries as blocks
from natsvalues.runbook.step import Act, Check, Runbook, Step

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from natsvalues.runbook.commands import Target
    from natsvalues.runbook.place import Place

Delivery = Literal["post-renderer", "values", "flux", "argocd"]
DELIVERIES: tuple[str, ...] = get_args(Delivery)
_RUNS = "tests/cluster/test_delivery.py, with Helm 3 and 4 on a real API server"
_NODES = f"{_RUNS}; docs/kubernetes.md, on real nodes while messages are published"
_RESTART = (
    "its pods restart once, one after the other, if the pod template differs: with values it has the chart's checksum"
)
_CONFLICTS = (
    "Helm 4 needs --force-conflicts in this one upgrade, where another program has set the fields; Helm 3 has no "
    "such option"
)


class Change(NamedTuple):
    """One step of a change of delivery: its commands are blocks of the table."""

    title: str
    text: str
    effect: str
    back: str = ""
    record: str = _RUNS


def delivery_of(place: Place) -> str:
    """How a region's release was delivered, from its marks; empty where none shows, as without a release.

    facts: values have no restart digest; helm-controller labels every object of a release (1.6.2, run).
    """
    if place.state is None or not place.stamp:
        return ""
    state = place.state
    template = ((state.spec.get("template") or {}).get("metadata") or {}).get("annotations") or {}
    if RESTART_DIGEST not in template:
        return "values"
    return "flux" if place.labels.get(HELM_RELEASE) else "post-renderer"


def delivering(name: str, places: Mapping[str, Place], targets: Mapping[str, Target], to: str, given: str) -> Runbook:
    """The steps that bring the regions of `targets` to the delivery `to`, one region after the other.

    `name` is the supercluster's, `given` the delivery that they have where nothing shows it. Raises NatsvaluesError for
    a region of which no delivery is known, and for a change that has no steps.
    """
    for word in filter(None, (to, given)):
        if word not in DELIVERIES:
            raise NatsvaluesError(
                "NV-M006", f"`{word}` is no delivery", hint=f"--to and --from take: {', '.join(DELIVERIES)}"
            )
    steps: list[Step] = []
    done = []
    for region, target in targets.items():
        place = places.get(region)
        now = given or (delivery_of(place) if place is not None else "")
        _require_way(region, place, now, to)
        if now == to:
            done.append(f"{region}: its delivery is {to}")
            continue
        for number, change in enumerate(_changes(place, now, to), start=1):
            steps.append(_step(region, change, f"to-{to}", number, _names(place, target, now)))
    return Runbook(name, tuple(steps), (), tuple(done), (), delivery=to)


def _require_way(region: str, place: Place | None, now: str, to: str) -> None:
    if not now:
        seen = "no release was looked at" if place is None or place.state is None else "natsvalues did not render it"
        raise NatsvaluesError(
            "NV-M006",
            f"the delivery that `{region}` has now is not known: {seen}",
            hint="--contexts or --prior has the release; --from says it where there is none: "
            f"{', '.join(DELIVERIES)} (argocd also for kustomize and kpt)\na release without natsvalues is adopted "
            "first: natsvalues plan",
        )
    if {now, to} == {"flux", "argocd"}:
        raise NatsvaluesError(
            "NV-M006",
            f"from {now} to {to} there are no steps that were run",
            hint="go through Helm: --to post-renderer first, then on from there",
        )


def _names(place: Place | None, target: Target, now: str) -> blocks.Names:
    labels = place.labels if place is not None else {}
    namespace = target.namespace or (place.state.nats.namespace if place is not None and place.state else "")
    bare, target = target._replace(namespace=""), target._replace(namespace=namespace)  # the commands have -n
    return blocks.Names(
        target,
        helm=bare.helm(),
        kubectl=bare.kubectl(),
        service=f"{target.pods}-gateway",
        version=place.chart if place is not None else "",
        install="--install " if now == "argocd" else "",
        helmrelease=labels.get(HELM_RELEASE, target.release),
        helmrelease_namespace=labels.get(HELM_RELEASE_NAMESPACE, namespace or "NAMESPACE"),
    )


def _step(region: str, change: Change, way: str, number: int, names: blocks.Names) -> Step:
    (look,) = blocks.commands(blocks.LOOK, names)
    commands = blocks.commands(change.text, names)
    return Step(
        way,
        region,
        change.title,
        (Act("run", region, (look, *commands) if number == 1 else commands),),
        effect=change.effect,
        before=(Check("healthy", region),),
        after=(Check("same-service", region, (names.service, look)), Check("healthy", region)),
        back=change.back,
        id=f"{region}/{way}" + (f"-{number}" if number > 1 else ""),
        record=change.record,
    )


def _changes(place: Place | None, now: str, to: str) -> Iterator[Change]:
    if to == "flux":
        yield _KEEP
        yield _EXPORT
        return
    if to == "argocd":
        yield _APPLY
        yield _FORGET
        return
    if now == "argocd":
        yield _LET_GO
        yield _TAKE
    is_flux = now == "flux" or (place is not None and bool(place.labels.get(HELM_RELEASE)))
    if is_flux:
        yield _SUSPEND
        yield _TAKE_SERVICE
    change = _VALUES if to == "values" else _POST_RENDERER
    yield change._replace(effect=f"{change.effect}. {_CONFLICTS}") if is_flux or now == "argocd" else change
    if is_flux:
        yield _REMOVE


_KEEP = Change(
    "let Helm leave the gateway's Service when it goes out of the release",
    blocks.KEEP,
    "nothing restarts. The exported gateway.yaml has the annotation, too; this one is there in time whoever applies it",
    "the same command with helm.sh/resource-policy- at its end",
    _NODES,
)
_EXPORT = Change(
    "export it, and commit it: one Kustomization has both the HelmRelease and the component",
    blocks.TO_FLUX,
    "the Service leaves the Helm release and stays; from then on neither Helm nor Flux deletes it",
    "natsvalues plan --to post-renderer, or --to values",
    _NODES,
)
_APPLY = Change(
    "let Argo CD, kustomize or kpt apply the same objects: the first sync by hand, after a look at its diff",
    "",
    "nothing is deleted, and nothing restarts if the objects are the same",
    "delete the Application without its finalizer: argocd app delete nats --cascade=false",
)
_FORGET = Change(
    "let Helm forget the release",
    blocks.FORGET,
    "its records are deleted, none of its objects. Never helm uninstall here: it deletes the objects that Argo CD has",
    "natsvalues plan --from argocd --to post-renderer",
)
_SUSPEND = Change(
    "stop Flux, with the name of your Kustomization",
    blocks.SUSPEND,
    "nothing is changed. A HelmRelease that is not suspended uninstalls its release when it is deleted",
    'the same commands with {"suspend":false}',
    _NODES,
)
_TAKE_SERVICE = Change(
    "give the gateway's Service to the Helm release",
    blocks.FROM_FLUX,
    "nothing restarts. Without it the upgrade fails, and changes nothing: invalid ownership metadata",
    "none is needed: Flux keeps applying the Service once it is resumed",
    _NODES,
)
_REMOVE = Change(
    "remove Flux's objects, the HelmRelease first",
    blocks.REMOVE_FLUX,
    "the suspended HelmRelease goes without its release; a Kustomization with prune: true deletes nothing of it",
    "natsvalues plan --to flux",
    _NODES,
)
_LET_GO = Change(
    "let Argo CD go without deleting: its Application without the finalizer",
    blocks.ARGOCD,
    "nothing else is deleted; for kustomize and kpt there is nothing to do here",
    "apply the Application again",
)
_TAKE = Change(
    "give every object of the chart to the Helm release; ingress and podmonitor, too, if your values have them",
    blocks.ADOPT,
    "nothing restarts",
    "none is needed: the marks do nothing without a release",
)
_VALUES = Change(
    "write the region's values, and upgrade with them instead of the post-renderer",
    blocks.TO_VALUES,
    _RESTART,
    "natsvalues plan --to post-renderer",
    _NODES,
)
_POST_RENDERER = Change(
    "upgrade with the post-renderer, and with the values as they were without natsvalues",
    blocks.TO_POST_RENDERER,
    _RESTART,
    "natsvalues plan --to values",
    _NODES,
)
