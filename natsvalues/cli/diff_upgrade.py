"""The two sides of an upgrade that has not happened yet: the release in the cluster, and what the chart would make."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, NamedTuple

from natsvalues.cli.diff_sides import no_such_release, nothing, rendered_stream, stored
from natsvalues.cli.helm_words import CHART, VALUES, HelmWords, from_help, sort
from natsvalues.diff.changes import About, Note
from natsvalues.errors import NatsvaluesError
from natsvalues.manifests.stamps import REGION
from natsvalues.supercluster.region_state import Decision
from natsvalues.text.secrets import without_secrets

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
    if found is None and (asked or not (options.allow_unreleased or words.has("install"))):
        raise no_such_release(name, asked)
    old, notes = found or (nothing(), [])
    text, values = _rendering(name, chart, words, old)
    label = f"{without_secrets(chart)} as it would be"  # a URL may have a password
    decision = Decision()
    edits = not drop_in and not options.no_post_renderer and not words.has("post-renderer")
    if edits:
        text, decision = post_rendered(text, label, options, run)
    about = About(label, name, words.value("namespace") or old.about.namespace)
    new = rendered_stream(text, label, about, hooks=not words.has("no-hooks"), values=values)
    if not edits:
        decision = decision_of(options.region or stamped(new), options.overlays)
    return Sides(old, new, decision, tuple(notes))


def _rendering(name: str, chart: str, words: HelmWords, old: Side) -> tuple[str, dict[str, Any]]:
    """What the chart makes, and the user's values it makes it from, old ones reused as `helm upgrade` does.

    facts: read in Helm's upgrade action, and run with 3.19 and 4.3: `--reset-values` forgets them, `--reuse-values`
    keeps the old chart's defaults with them, and without any values given the old ones are taken over.
    """
    if old.values is None or words.has("reset-values"):
        return _rendered(name, chart, words, None, None)
    if words.has("reuse-values"):
        return _rendered(name, chart, words, _frozen(old, chart, words), old.values)
    if words.has("reset-then-reuse-values") or not words.has(*VALUES):
        return _rendered(name, chart, words, old.values, old.values)
    text, given = _rendered(name, chart, words, None, None)
    if given or not old.values:
        return text, given
    return _rendered(name, chart, words, old.values, old.values)  # the files given are empty


def _rendered(
    name: str, chart: str, words: HelmWords, beneath: dict[str, Any] | None, reused: dict[str, Any] | None
) -> tuple[str, dict[str, Any]]:
    """The rendering over the values `beneath`, and the user's values over the `reused`; helm makes both at once."""
    from concurrent.futures import ThreadPoolExecutor

    from natsvalues.outside.helm import rendering, values_given

    first = ["--values", "-"] if reused is not None else []
    with ThreadPoolExecutor(2) as pool:
        given = pool.submit(values_given, [*first, *words.words(*VALUES)], _input(reused))
        text = pool.submit(rendering, name, chart, [*first, *words.rendering], _input(beneath))
        return text.result(), given.result()


def _input(values: dict[str, Any] | None) -> str | None:
    return json.dumps(values) if values is not None else None


def _frozen(old: Side, chart: str, words: HelmWords) -> dict[str, Any]:
    """All values of the old release, its chart's defaults too, and a null for each default that is new."""
    from natsvalues.outside.helm import defaults_of, values_of
    from natsvalues.text.yamltree import compose, value

    about = old.about
    all_values = values_of(about.release, [*words.cluster, "--revision", str(about.revision)], with_defaults=True)
    defaults = value(compose(defaults_of(chart, words.words(*CHART))))
    return _without_others(all_values, defaults if isinstance(defaults, dict) else {})


def _without_others(kept: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    """`kept`, and a null for what only the defaults have."""
    found = dict.fromkeys(defaults.keys() - kept.keys()) | kept
    for key, inner in defaults.items():
        if isinstance(inner, dict) and isinstance(kept.get(key), dict):
            found[key] = _without_others(kept[key], inner)
    return found


def post_rendered(text: str, label: str, options: DiffOptions, run: Run) -> tuple[str, Decision]:
    """The rendering with the region's edits, and what its overlays decided."""
    from natsvalues.cli.light import PostRenderOptions
    from natsvalues.cli.post_render import rendered

    result = rendered(text, label, PostRenderOptions(options.region, options.overlays), run)
    plan = result.plan
    scope = plan.supercluster.jetstream.scope
    return result.release.text(), Decision(scope, plan.region.joins or "")


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
