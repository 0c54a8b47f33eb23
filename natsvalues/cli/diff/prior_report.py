"""`--report FILE` of the post-renderer: every upgrade leaves a report of what it changes in the prior release."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from natsvalues.cli.diff.comparison import Sides, compare
from natsvalues.cli.diff.options import SUFFIXES, DiffOptions, Output
from natsvalues.cli.diff.reports import reports
from natsvalues.cli.outputs import write
from natsvalues.cli.phases import Phases
from natsvalues.diff.changes import About
from natsvalues.diff.sides import Side
from natsvalues.manifests.objects import HOOK
from natsvalues.manifests.release import Release

if TYPE_CHECKING:
    from natsvalues.cli.prior_release import Prior
    from natsvalues.overlays.pipeline import Result


def write_report(file: str, prior: Prior, result: Result) -> None:
    """Compare and write, in the format of the file's suffix. Raises NatsvaluesError for a file that cannot be."""
    plan = result.plan
    label = f"region {plan.region.name}, new rendering"
    new = Release(result.release.text(), label)
    namespace = result.nats.namespace
    about = About(prior.release.file, namespace=namespace)
    if prior.stored is not None:
        stored = prior.stored.release
        about = About(prior.stored.label, stored.name, stored.namespace, stored.revision, stored.chart,
                      stored.app_version)  # fmt: skip
    sides = Sides(
        _side(prior.release, about)._replace(kept=prior.kept),
        _side(new, About(label, namespace=namespace)),
        plan.decision,
    )
    output = Output(SUFFIXES.get(os.path.splitext(file)[1].lower(), "text"), file)
    write(reports((compare(sides, [], Phases()),), DiffOptions(outputs=(output,))))


def _side(release: Release, about: About) -> Side:
    # Helm 3 does not post-render hooks, and stored manifests leave them out.
    return Side(about, release, hooks_known=bool(release.mentioning(HOOK)))
