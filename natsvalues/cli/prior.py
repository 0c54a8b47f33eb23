"""What `--prior` refuses.

An upgrade that would lose JetStream data, or that the API server would refuse, is an error.
"""

from __future__ import annotations

import contextlib
import re
from textwrap import wrap
from typing import TYPE_CHECKING

from natsvalues.cli.light import IMMUTABLE_FIELD, REGION
from natsvalues.errors import NatsvaluesError, Where, raise_all
from natsvalues.manifests.stamps import REGION as STAMP
from natsvalues.manifests.stamps import stamped_region
from natsvalues.manifests.transitions import KINDS, refusals
from natsvalues.overlays.losses_since import counterpart, losses_since, way_back
from natsvalues.text.paths import dotted
from natsvalues.text.yamltree import YamlSyntaxError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.cli.prior_release import Prior
    from natsvalues.manifests.release import Manifest, Release
    from natsvalues.overlays.pipeline import Result
    from natsvalues.supercluster.losses import Loss

WIDTH = 100
"""The line width of a hint, in characters."""
HOOK = "helm.sh/hook"
_PLANNED = ("StatefulSet", "Deployment")
_PLAN = "; `natsvalues plan -f VALUES` has the steps"
_KIND = re.compile(rf"""kind["']?:[ ]*["']?(?:{"|".join(sorted({kind for _, kind in KINDS}))})\b""")


def refuse_losses(prior: Prior, allow: tuple[str, ...], result: Result) -> set[str]:
    """Raise NatsvaluesError for all losses and refused changes whose names are not in `allow`.

    Returned are the names of the losses that are there and allowed.
    """
    if REGION not in allow:
        raise_all(list(_other_region(prior.release, result)))  # alone: the rest only follows from it
    losses = losses_since(prior.release, prior.kept, result)
    refused = [_refused(loss, prior.release, result) for loss in losses if loss.manual.allow not in allow]
    revision = way_back(prior.release, prior.kept, result) if refused else None
    if revision is not None:
        refused[0].hint = _back(prior, revision)
    refusals_count = IMMUTABLE_FIELD not in allow and not prior.is_uninstalled
    raise_all([*refused, *(_refusals(prior.release, result) if refusals_count else [])])
    return {loss.manual.allow for loss in losses}


def _back(prior: Prior, revision: int) -> str:
    """What to do where the post-renderer was forgotten: that revision has the names under which the streams are."""
    name, forgotten = prior.report.get("release"), prior.report.get("revision")
    return (
        f"revision {revision} was post-rendered, and from it nothing is lost: if the post-renderer was forgotten in "
        f"revision\n{forgotten}, go back first, and upgrade from there: helm rollback {name} {revision}"
    )


def _other_region(release: Release, result: Result) -> Iterator[NatsvaluesError]:
    """The error for a prior release of another region, which shows in its stamps."""
    before, region = counterpart(release, result), result.plan.region.name
    stamped = stamped_region(before.statefulset) if before is not None else ""
    if before is not None and stamped not in ("", region):
        field = f"{before.statefulset.key}: metadata.annotations[{STAMP}]"
        yield NatsvaluesError(
            "NV-P004",
            f"this is a rendering for region `{region}`, and the prior release was rendered for `{stamped}`",
            where=(release.where(before.statefulset.line_of("metadata", "annotations", STAMP), field),),
            hint="check --region (NATSVALUES_REGION), the kube context and the namespace; if the region was renamed:\n"
            f"{_allow(REGION)}",
        )


def _refused(loss: Loss, release: Release, result: Result) -> NatsvaluesError:
    manual = loss.manual
    in_release = result.release.where(result.nats.config_map.line, str(result.nats.config_map.key))
    return NatsvaluesError(
        "NV-P001",
        loss.message,
        where=(result.plan.where(*manual.field) if manual.field else in_release, Where(release.file)),
        hint="\n".join(wrap(manual.remedy, WIDTH)) + f"\nto accept the loss: {_allow(manual.allow)}",
    )


def _refusals(release: Release, result: Result) -> Iterator[NatsvaluesError]:
    for before, after in changed_objects(release, result.release):
        source = result.release.rendered(after.number) or after  # its lines are those of the input
        for refusal in refusals(before.value, after.value):
            field = f"{after.key}: {dotted(refusal.path)}"
            in_release = result.release.where(source.line_of(*refusal.path), field)
            yield NatsvaluesError(
                "NV-P003",
                f"the API server will refuse this upgrade: {refusal.reason}",
                # an object that natsvalues added has no line in the input
                where=(
                    result.plan.where("loadBalancer") if after.number < 0 else in_release,
                    release.where(before.line_of(*refusal.path), field),
                ),
                hint=f"{refusal.remedy}\nafter you have deleted the object: {_allow(IMMUTABLE_FIELD)}"
                + (_PLAN if after.key.kind in _PLANNED else ""),
            )


def _allow(name: str) -> str:
    """The option that allows it, and how it is written among helm's."""
    return f"--allow {name} (under helm: --post-renderer-args=--allow={name})"


def changed_objects(old: Release, new: Release) -> Iterator[tuple[Manifest, Manifest]]:
    """Pairs of the old and the new object, for objects whose texts differ; no other document is parsed."""
    texts = {release: {number: release.document(number) for number in release.numbers()} for release in (old, new)}
    unchanged = set(texts[old].values()) & set(texts[new].values())
    before, after = (
        {
            manifest.key: manifest
            for number, text in texts[release].items()
            if text not in unchanged and _KIND.search(text)
            for manifest in _readable(release, number)
            if HOOK not in manifest.annotations  # Helm deletes a hook's object before it creates the next
        }
        for release in (old, new)
    )
    for key, manifest in after.items():
        if key in before:
            yield before[key], manifest


def _readable(release: Release, number: int) -> Iterator[Manifest]:
    """The document's object; nothing if it is not YAML, or not an object."""
    with contextlib.suppress(YamlSyntaxError):  # Helm reports it
        manifest = release.manifest(number)
        if manifest is not None:
            yield manifest
