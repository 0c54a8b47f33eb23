"""`--prior`: compare a rendering with the prior release.

An upgrade that would lose JetStream data, or that the API server would refuse, is an error.
"""

from __future__ import annotations

import contextlib
import re
from textwrap import wrap
from typing import TYPE_CHECKING

from natsvalues.cli.light import IMMUTABLE_FIELD
from natsvalues.cli.streams import read_stream
from natsvalues.errors import NatsvaluesError, Where, raise_all
from natsvalues.manifests.release import Release
from natsvalues.manifests.transitions import KINDS, refusals
from natsvalues.overlays.losses_since import losses_since
from natsvalues.text.paths import dotted
from natsvalues.text.yamltree import YamlSyntaxError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.manifests.release import Manifest
    from natsvalues.overlays.pipeline import Result

RELEASE = "release:"
WIDTH = 100
"""The line width of a hint, in characters."""
HOOK = "helm.sh/hook"
_KIND = re.compile(rf"""kind["']?:[ ]*["']?(?:{"|".join(sorted({kind for _, kind in KINDS}))})\b""")


def prior_release(prior: str, result: Result) -> Release:
    """The prior release, from a file or from `release:[NAMESPACE/]NAME[@REVISION]`.

    Raises NatsvaluesError if it cannot be read or is empty.
    """
    if prior.startswith(RELEASE):
        from natsvalues.outside.helm import manifest_of  # only for a stored release: it starts a process

        text = manifest_of(prior.removeprefix(RELEASE), result.nats.namespace or None)
    else:
        text = read_stream(prior)
    release = Release(text, prior)
    if release.is_empty:
        raise NatsvaluesError(
            "NV-P002",
            "the prior release is empty, so there is nothing to compare with",
            where=(Where(prior),),
            hint="for a first installation remove --prior",
        )
    return release


def refuse_losses(release: Release, allow: tuple[str, ...], result: Result) -> None:
    """Raise NatsvaluesError for all losses and refused changes whose names are not in `allow`."""
    raise_all([*_losses(release, allow, result), *([] if IMMUTABLE_FIELD in allow else _refusals(release, result))])


def _losses(release: Release, allow: tuple[str, ...], result: Result) -> Iterator[NatsvaluesError]:
    for loss in losses_since(release, result):
        manual = loss.manual
        if manual.allow not in allow:
            in_release = result.release.where(result.nats.config_map.line, str(result.nats.config_map.key))
            yield NatsvaluesError(
                "NV-P001",
                loss.message,
                where=(result.plan.where(*manual.field) if manual.field else in_release,),
                hint="\n".join(wrap(manual.remedy, WIDTH)) + f"\nto accept the loss: --allow {manual.allow}",
            )


def _refusals(release: Release, result: Result) -> Iterator[NatsvaluesError]:
    for before, after in _changed(release, result.release):
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
                hint=f"{refusal.remedy}\nafter you have deleted the object: --allow {IMMUTABLE_FIELD}",
            )


def _changed(old: Release, new: Release) -> Iterator[tuple[Manifest, Manifest]]:
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
