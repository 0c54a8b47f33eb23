"""`natsvalues diff`: what differs from the prior release, and the impact of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from natsvalues.cli.diff.comparison import Sides, compare
from natsvalues.cli.diff.decision import decision_of, stamped_region
from natsvalues.cli.diff.options import DiffOptions, read
from natsvalues.cli.diff.reports import reports
from natsvalues.cli.diff.sides import no_such_release, side_of, stored_release
from natsvalues.cli.diff.upgrade import helm_words, upgrade
from natsvalues.cli.edge import guarded
from natsvalues.cli.outputs import write
from natsvalues.cli.phases import Phases, waiting
from natsvalues.cli.plain_files import stated_version
from natsvalues.cli.state import Run
from natsvalues.cli.streams import write_message
from natsvalues.diff.changes import at_least
from natsvalues.diff.ignoring import rule
from natsvalues.errors import EXIT_DIFFERENCES, EXIT_GATE, EXIT_OK, NatsvaluesError

if TYPE_CHECKING:
    from natsvalues.cli.helm_words import HelmWords
    from natsvalues.diff.changes import Note, ReleaseDiff
    from natsvalues.diff.sides import Side


def diff(words: list[str]) -> int:
    """Compare, write every requested report, and return the exit code; all reports or none."""
    run = Run()
    phases = Phases()

    def work() -> int:
        options = read(words)
        ignored = [rule(text) for text in options.ignore]
        with phases.of("read"), waiting("reading releases and rendering"):
            pairs = pairs_to_compare(options, run)
        if options.live:
            from natsvalues.cli.diff.live import with_drift  # seldom used

            with phases.of("live"), waiting("reading live objects"):
                pairs = [with_drift(sides, options) for sides in pairs]
        if options.evidence is not None:
            from natsvalues.cli.diff.evidence import evidence  # seldom used

            pairs = [sides._replace(notes=(*evidence(options.evidence, sides.new), *sides.notes)) for sides in pairs]
        with waiting("comparing"):
            diffs = tuple(compare(sides, ignored, phases) for sides in pairs)
        with phases.of("report"):
            finished = reports(diffs, options)
        write(finished)
        if options.timings or os.environ.get("HELM_DEBUG", "").lower() in ("true", "1"):
            write_message(phases.line())
        return exit_code(diffs, options)

    return guarded(run, work)


def pairs_to_compare(options: DiffOptions, run: Run) -> list[Sides]:
    """One pair of releases, or one for each region. Raises NatsvaluesError."""
    if options.all_regions:
        from natsvalues.cli.diff.regions import all_regions  # seldom used

        return all_regions(options, run)
    words, drop_in = helm_words(options)
    if drop_in or _is_upgrade(words):
        return [upgrade(options, words, drop_in=drop_in, run=run)]
    if options.revision is not None or options.to_revision is not None:
        return [_revisions(options, words)]
    if len(words.positional) != 2:  # noqa: PLR2004 - an old and a new release
        raise NatsvaluesError(
            "NV-D005",
            f"diff takes an old and a new release, and got: {' '.join(words.positional) or 'nothing'}",
            hint="natsvalues diff OLD NEW (files, - or release:NAME[@REVISION]; or two nats.conf files);\n"
            "natsvalues diff RELEASE CHART;\n"
            "natsvalues diff RELEASE --revision N [--to-revision M]",
        )
    return [_files(options, words)]


def _is_upgrade(words: HelmWords) -> bool:
    """Whether the second word is a chart: the first is a release then, even if a file has its name."""
    if len(words.positional) != 2:  # noqa: PLR2004 - a release and a chart
        return False
    old, new = words.positional
    chart = os.path.isfile(os.path.join(new, "Chart.yaml")) or new.endswith(".tgz") or new.startswith("oci://")
    return chart or not (_is_side(old) or _is_side(new))


def _is_side(word: str) -> bool:
    """Whether a word is a file, standard input or `release:NAME`."""
    plain = word.rpartition("@")[0] if "@" in word else word
    return (
        word == "-"
        or word.startswith("release:")
        or any(os.path.exists(path) or path.endswith((".yaml", ".yml", ".json", ".conf")) for path in (word, plain))
    )


def _files(options: DiffOptions, words: HelmWords) -> Sides:
    if words.positional == ("-", "-"):
        raise NatsvaluesError(
            "NV-D005", "standard input can be the old or the new release, not both", hint="write one of them to a file"
        )
    version = stated_version(options.nats_version, "NV-D001")
    (old, old_notes), (new, new_notes) = (side_of(word, words.cluster, version) for word in words.positional)
    if version is not None and not new.release.plain:
        raise NatsvaluesError(
            "NV-D001", "--nats-version is for plain nats.conf files", hint="the image of a rendering states its version"
        )
    return _sides(options, old, new, [*old_notes, *new_notes])


def _revisions(options: DiffOptions, words: HelmWords) -> Sides:
    if len(words.positional) != 1 or options.revision is None:
        raise NatsvaluesError("NV-D005", "--revision takes one release",
                              hint="natsvalues diff RELEASE --revision N [--to-revision M]")  # fmt: skip
    name = words.positional[0]
    newer = ["--revision", options.to_revision] if options.to_revision else []
    (old, old_notes), (new, new_notes) = (
        _revision(name, [*words.cluster, *revision]) for revision in (["--revision", options.revision], newer)
    )
    return _sides(options, old, new, [*old_notes, *new_notes])


def _sides(options: DiffOptions, old: Side, new: Side, notes: list[Note]) -> Sides:
    decision = decision_of(options.region or stamped_region(new), options.overlays)
    return Sides(old, new, decision, tuple(notes))


def _revision(name: str, options: list[str]) -> tuple[Side, list[Note]]:
    stored = stored_release(name, options)
    if stored is None:
        raise no_such_release(name, options)
    return stored


def exit_code(diffs: tuple[ReleaseDiff, ...], options: DiffOptions) -> int:
    """4 if an impact reaches --fail-on, 2 for differences with --detailed-exitcode, else 0."""
    gate = options.fail_on
    if gate is not None and any(
        at_least(item.worst, gate) and not (gate == "none" and item.is_empty) for item in diffs
    ):
        return EXIT_GATE
    if options.detailed_exitcode and any(not item.is_empty for item in diffs):
        return EXIT_DIFFERENCES
    return EXIT_OK
