"""The two sides of an upgrade that has not happened yet: the release in the cluster, and what the chart would make."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, NamedTuple

from natsvalues.cli.diff_sides import no_such_release, nothing, rendered_stream, stored
from natsvalues.cli.helm_words import REUSING, VALUES, HelmWords, from_help, sort
from natsvalues.diff.changes import About, Note
from natsvalues.diff.impact.context import Decision
from natsvalues.errors import NatsvaluesError
from natsvalues.manifests.stamps import REGION

if TYPE_CHECKING:
    from natsvalues.cli.diff_options import DiffOptions
    from natsvalues.cli.state import Run
    from natsvalues.diff.changes import ObjectDiff
    from natsvalues.diff.sides import Side

VERBS = ("upgrade", "install", "template")


class Sides(NamedTuple):
    """What is compared, what the overlays decided for the new side, and what is to be said before."""

    old: Side
    new: Side
    decision: Decision = Decision()
    notes: tuple[Note, ...] = ()
    region: str = ""
    drift: tuple[ObjectDiff, ...] = ()


def words_of(options: DiffOptions) -> tuple[HelmWords, bool]:
    """Helm's words sorted, and whether they are a whole helm command (`upgrade …`) that is to be taken as it is."""
    words = list(options.helm)
    drop_in = bool(words) and words[0] in VERBS
    words = words[1:] if drop_in else words
    found = sort(words)
    if isinstance(found, list):
        from natsvalues.outside.helm import helm  # an option that no list has: helm itself knows

        known = from_help(helm("upgrade", "--help")) | from_help(helm("template", "--help"))
        strange = [name for name in found if name not in known]
        if strange:
            raise NatsvaluesError(
                "NV-D005",
                f"neither natsvalues nor helm knows the option --{strange[0]}",
                hint="correct it; if a plugin takes it, attach its value: --OPTION=VALUE",
            )
        again = sort(words, takes_value=known)
        assert isinstance(again, HelmWords)  # noqa: S101 - every name is known now
        found = again
    return found, drop_in


def upgrade(options: DiffOptions, words: HelmWords, *, drop_in: bool, run: Run) -> Sides:
    """The last revision (or the one asked for) against the chart as it would be upgraded to."""
    if len(words.positional) != 2:  # noqa: PLR2004 - a release and a chart
        raise NatsvaluesError(
            "NV-D005",
            f"expected a release and a chart, found: {' '.join(words.positional) or 'nothing'}",
            hint="helm natsvalues diff RELEASE CHART [helm's options]; or helm natsvalues diff upgrade RELEASE CHART …",
        )
    name, chart = words.positional
    asked = ["--revision", options.revision] if options.revision else []
    found = stored(name, [*words.cluster, *asked])
    if found is None and not (options.allow_unreleased or words.has("install")):
        raise no_such_release(name, f"release:{name}")
    old, notes = found or (nothing(), [])
    text, values = _rendering(name, chart, words, _reused(old, words))
    label = f"{chart} as it would be"
    decision = Decision()
    if not drop_in and not options.no_post_renderer and not words.has("post-renderer"):
        text, decision = post_rendered(text, label, options, run)
    about = About(label, name, words.value("namespace") or old.about.namespace)
    new = rendered_stream(text, label, about, hooks=not words.has("no-hooks"), values=values)
    return Sides(old, new, decision, tuple(notes))


def _rendering(name: str, chart: str, words: HelmWords, reused: dict[str, Any] | None) -> tuple[str, dict[str, Any]]:
    """What the chart makes, and the values it makes it from; helm does both at the same time."""
    from concurrent.futures import ThreadPoolExecutor

    from natsvalues.outside.helm import rendering, values_given

    stdin = json.dumps(reused) if reused is not None else None
    first = ["--values", "-"] if reused is not None else []
    with ThreadPoolExecutor(2) as pool:
        given = pool.submit(values_given, [*first, *words.words(*VALUES)], stdin)
        text = pool.submit(rendering, name, chart, [*first, *words.rendering], stdin)
        return text.result(), given.result()


def _reused(old: Side, words: HelmWords) -> dict[str, Any] | None:
    """The old values that helm would take over: asked for, or because no others are given.

    facts: `helm upgrade` without any values reuses those of the release (read in its upgrade action; run).
    """
    if words.has("reset-values") or old.values is None:
        return None
    if words.has(*REUSING) or not words.has(*VALUES):
        return old.values
    return None


def post_rendered(text: str, label: str, options: DiffOptions, run: Run) -> tuple[str, Decision]:
    """The rendering with the region's edits, and what its overlays decided."""
    from natsvalues.cli.light import PostRenderOptions
    from natsvalues.cli.post_render import rendered

    result = rendered(text, label, PostRenderOptions(options.region, options.overlays), run)
    plan = result.plan
    scope = plan.supercluster.jetstream.scope
    return "".join(result.release.pieces()), Decision(scope, plan.region.joins or "")


def decision_of(region: str | None, overlays: str | None) -> Decision:
    """What the overlays decided for a region that was rendered elsewhere; nothing where there are no overlays."""
    from natsvalues.overlays.folder import load, locate

    if region is None:
        return Decision()
    try:
        found = load(locate(overlays, dict(os.environ), os.getcwd()))
        joins = found.region(region).region.joins
    except NatsvaluesError:
        if overlays or os.environ.get("NATSVALUES_OVERLAYS"):
            raise
        return Decision()  # nobody said that there are overlays
    return Decision(found.supercluster.jetstream.scope, joins or "")


def stamped(side: Side) -> str | None:
    """The region that natsvalues rendered a side for, as its stamps tell."""
    release = side.release
    found = release.manifests(release.mentioning(REGION, "StatefulSet"), lambda item: REGION in item.annotations)
    return str(found[0].annotations[REGION]) if found else None
