"""`natsvalues diff`: what differs from the prior release, and what it will do."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from natsvalues.cli.diff_options import DiffOptions, read
from natsvalues.cli.diff_output import made
from natsvalues.cli.diff_sides import named, no_such_release, stored
from natsvalues.cli.diff_upgrade import Sides, decision_of, stamped, upgrade, words_of
from natsvalues.cli.edge import guarded
from natsvalues.cli.outputs import write
from natsvalues.cli.phases import Phases
from natsvalues.cli.state import Run
from natsvalues.diff.changes import at_least
from natsvalues.diff.ignoring import rule
from natsvalues.diff.impact import judge
from natsvalues.diff.releases import Comparison
from natsvalues.errors import EXIT_DIFFERENCES, EXIT_GATE, EXIT_OK, NatsvaluesError

if TYPE_CHECKING:
    from natsvalues.cli.helm_words import HelmWords
    from natsvalues.diff.changes import Note, ReleaseDiff
    from natsvalues.diff.ignoring import Rule
    from natsvalues.diff.sides import Side


def diff(words: list[str]) -> int:
    """Compare, write every report that was asked for, and give the exit code; all reports or none."""
    run = Run()
    phases = Phases()

    def work() -> int:
        options = read(words)
        ignored = [rule(text) for text in options.ignore]
        with phases.of("read"):
            sides = both(options, run)
        if options.live:
            from natsvalues.cli.diff_live import with_drift  # seldom asked for

            with phases.of("live"):
                sides = [with_drift(item, options) for item in sides]
        if options.evidence is not None:
            from natsvalues.cli.diff_evidence import evidence  # same

            sides = [item._replace(notes=(*evidence(options.evidence, item.new), *item.notes)) for item in sides]
        diffs = tuple(compared(item, ignored, phases) for item in sides)
        with phases.of("report"):
            reports = made(diffs, options)
        write(reports)
        if options.timings or os.environ.get("HELM_DEBUG", "").lower() in ("true", "1"):
            sys.stderr.write(phases.told())
        return verdict(diffs, options)

    return guarded(run, work)


def both(options: DiffOptions, run: Run) -> list[Sides]:
    """What is to be compared: one pair, or one for each region."""
    if options.all_regions:
        from natsvalues.cli.diff_regions import all_regions  # seldom asked for

        return all_regions(options, run)
    words, drop_in = words_of(options)
    if drop_in or _is_upgrade(words):
        return [upgrade(options, words, drop_in=drop_in, run=run)]
    if options.revision is not None or options.to_revision is not None:
        return [_revisions(options, words)]
    if len(words.positional) != 2:  # noqa: PLR2004 - an old and a new side
        raise NatsvaluesError(
            "NV-D005",
            f"expected two sides, found: {' '.join(words.positional) or 'nothing'}",
            hint="natsvalues diff OLD NEW (files, - or release:NAME[@REVISION]); natsvalues diff RELEASE CHART;\n"
            "natsvalues diff RELEASE --revision N [--to-revision M]",
        )
    return [_files(options, words)]


def _is_upgrade(words: HelmWords) -> bool:
    """Whether the second word is a chart: the first is a release then, even if a file is called so."""
    if len(words.positional) != 2:  # noqa: PLR2004 - a release and a chart
        return False
    old, new = words.positional
    chart = os.path.isfile(os.path.join(new, "Chart.yaml")) or new.endswith(".tgz") or new.startswith("oci://")
    return chart or not (_is_side(old) or _is_side(new))


def _is_side(word: str) -> bool:
    """Whether a word names a file, standard input or a release as a side."""
    plain = word.rpartition("@")[0] if "@" in word else word
    return (
        word == "-"
        or word.startswith("release:")
        or any(os.path.exists(path) or path.endswith((".yaml", ".yml", ".json")) for path in (word, plain))
    )


def _files(options: DiffOptions, words: HelmWords) -> Sides:
    if words.positional == ("-", "-"):
        raise NatsvaluesError("NV-D005", "standard input can be one side only", hint="write the other one to a file")
    (old, old_notes), (new, new_notes) = (named(word, words.cluster) for word in words.positional)
    return Sides(old, new, decision_of(options.region or stamped(new), options.overlays), (*old_notes, *new_notes))


def _revisions(options: DiffOptions, words: HelmWords) -> Sides:
    if len(words.positional) != 1 or options.revision is None:
        raise NatsvaluesError("NV-D005", "expected one release with --revision",
                              hint="natsvalues diff RELEASE --revision N [--to-revision M]")  # fmt: skip
    name = words.positional[0]
    asked = ["--revision", options.to_revision] if options.to_revision else []
    (old, old_notes), (new, new_notes) = (
        _revision(name, [*words.cluster, *extra]) for extra in (["--revision", options.revision], asked)
    )
    return Sides(old, new, decision_of(options.region or stamped(new), options.overlays), (*old_notes, *new_notes))


def _revision(name: str, options: list[str]) -> tuple[Side, list[Note]]:
    found = stored(name, options)
    if found is None:
        raise no_such_release(name, options)
    return found


def compared(sides: Sides, ignored: list[Rule], phases: Phases) -> ReleaseDiff:
    """One pair of sides, compared and judged; ignored changes are gone before anybody counts them."""
    with phases.of("compare"):
        comparison = Comparison(sides.old, sides.new)
        comparison.leave_out(ignored)
    with phases.of("judge"):
        objects, notes = judge(comparison, sides.decision)
    return comparison.diff(objects, (*sides.notes, *notes), sides.region)._replace(drift=sides.drift)


def verdict(diffs: tuple[ReleaseDiff, ...], options: DiffOptions) -> int:
    """The exit code: 4 where the gate is crossed, 2 for differences if that is asked for."""
    gate = options.fail_on
    if gate is not None and any(
        at_least(item.worst, gate) and not (gate == "none" and item.is_empty) for item in diffs
    ):
        return EXIT_GATE
    if options.detailed_exitcode and any(not item.is_empty for item in diffs):
        return EXIT_DIFFERENCES
    return EXIT_OK
