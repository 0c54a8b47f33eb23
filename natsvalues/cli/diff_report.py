"""`--report FILE` of the post-renderer: a plain upgrade leaves behind what it changes against the release before."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from natsvalues.cli.diff import compared
from natsvalues.cli.diff_options import SUFFIXES, DiffOptions, Output
from natsvalues.cli.diff_output import made
from natsvalues.cli.diff_upgrade import Sides
from natsvalues.cli.outputs import write
from natsvalues.cli.phases import Phases
from natsvalues.diff.changes import About
from natsvalues.diff.sides import Side
from natsvalues.manifests.objects import HOOK
from natsvalues.manifests.release import Release
from natsvalues.supercluster.region_state import Decision

if TYPE_CHECKING:
    from natsvalues.overlays.pipeline import Result


def leave_report(file: str, prior: Release, result: Result) -> None:
    """Compare and write; the format is that of the file's suffix. Raises NatsvaluesError if it cannot be written."""
    plan = result.plan
    label = f"region {plan.region.name} as it would be"
    new = Release(result.release.text(), label)
    namespace = result.nats.namespace
    sides = Sides(
        _side(prior, prior.file, namespace),
        _side(new, label, namespace),
        Decision(plan.supercluster.jetstream.scope, plan.region.joins or ""),
    )
    output = Output(SUFFIXES.get(os.path.splitext(file)[1].lower(), "text"), file)
    write(made((compared(sides, [], Phases()),), DiffOptions(outputs=(output,))))


def _side(release: Release, label: str, namespace: str) -> Side:
    # Helm 3 keeps hooks from a post-renderer, and stored manifests leave them out.
    return Side(About(label, namespace=namespace), release, hooks_known=bool(release.mentioning(HOOK)))
