"""The two sides of a planned upgrade: the release in the cluster, and the chart as helm would render it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from natsvalues.cli.diff.comparison import Sides
from natsvalues.cli.diff.decision import decision_of, stamped_region
from natsvalues.cli.diff.sides import no_such_release, nothing_released, rendered_side, stored_release
from natsvalues.cli.helm_command import sorted_words
from natsvalues.cli.helm_words import CHART, VALUES
from natsvalues.diff.changes import About
from natsvalues.errors import NatsvaluesError
from natsvalues.supercluster.region_state import Decision
from natsvalues.text.secrets import without_secrets

if TYPE_CHECKING:
    from natsvalues.cli.diff.options import DiffOptions
    from natsvalues.cli.helm_words import HelmWords
    from natsvalues.cli.state import Run
    from natsvalues.diff.sides import Side

VERBS = ("upgrade", "install", "template")


def helm_words(options: DiffOptions) -> tuple[HelmWords, bool]:
    """Helm's words sorted, and whether they are a whole helm command (`upgrade …`), which is rendered unchanged."""
    words = list(options.helm)
    drop_in = bool(words) and words[0] in VERBS
    words = words[1:] if drop_in else words
    return sorted_words(words), drop_in


def upgrade(options: DiffOptions, words: HelmWords, *, drop_in: bool, run: Run) -> Sides:
    """The last revision (or --revision) as the old side, the rendering of the chart as the new one."""
    if len(words.positional) != 2:  # noqa: PLR2004 - a release and a chart
        raise NatsvaluesError(
            "NV-D005",
            f"diff takes a release and a chart, and got: {' '.join(words.positional) or 'nothing'}",
            hint="helm natsvalues diff RELEASE CHART [helm's options]; or helm natsvalues diff upgrade RELEASE CHART …",
        )
    name, chart = words.positional
    revision = ["--revision", options.revision] if options.revision else []
    stored = stored_release(name, [*words.cluster, *revision])
    if stored is None and (revision or not (options.allow_unreleased or words.has("install"))):
        raise no_such_release(name, [*words.cluster, *revision])
    old, notes = stored or nothing_released(name, words.cluster)
    text, values = _rendering(name, chart, words, old)
    label = f"{without_secrets(chart)}, new rendering"  # a URL may have a password
    decision, region = Decision(), ""
    edits = not drop_in and not options.no_post_renderer and not words.has("post-renderer")
    if edits:
        text, decision = post_rendered(text, label, options, run)
        region = run.region or ""
    namespace = words.value("namespace") or old.about.namespace
    about = About(label, name, namespace, region=region, context=old.about.context)
    new = rendered_side(text, label, about, hooks=not words.has("no-hooks"), values=values)
    if not edits:
        decision = decision_of(options.region or stamped_region(new), options.overlays)
    return Sides(old, new, decision, tuple(notes))


def _rendering(name: str, chart: str, words: HelmWords, old: Side) -> tuple[str, dict[str, Any]]:
    """The rendering of the chart and the user's values for it, with old values reused as `helm upgrade` does.

    facts: read in Helm's upgrade action, and run with 3.19 and 4.3: `--reset-values` drops the
    old values, `--reuse-values` keeps the old chart's defaults with them, and without new values the old ones are used.
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
    return _rendered(name, chart, words, old.values, old.values)  # all values files are empty


def _rendered(
    name: str, chart: str, words: HelmWords, beneath: dict[str, Any] | None, reused: dict[str, Any] | None
) -> tuple[str, dict[str, Any]]:
    """The rendering over the values `beneath`, and the user's values over the `reused`; helm runs for both at once."""
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
    """All values of the old release with its chart's defaults, and a null for each default that is new."""
    from natsvalues.outside.helm import defaults_of, values_of
    from natsvalues.text.yamltree import compose, value

    about = old.about
    all_values = values_of(about.release, [*words.cluster, "--revision", str(about.revision)], with_defaults=True)
    defaults = value(compose(defaults_of(chart, words.words(*CHART))))
    return _without_others(all_values, defaults if isinstance(defaults, dict) else {})


def _without_others(kept: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    """`kept`, with a null for each key that only the defaults have."""
    values = dict.fromkeys(defaults.keys() - kept.keys()) | kept
    for key, inner in defaults.items():
        if isinstance(inner, dict) and isinstance(kept.get(key), dict):
            values[key] = _without_others(kept[key], inner)
    return values


def post_rendered(text: str, label: str, options: DiffOptions, run: Run) -> tuple[str, Decision]:
    """The rendering with the region's edits, and what its overlays decided."""
    from natsvalues.cli.region_release import region_release

    result = region_release(text, label, options.region, options.overlays, run)
    return result.release.text(), result.plan.decision
