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
    if not prior.report:
        about = _not_there(about)
    if prior.stored is not None:
        stored = prior.stored.release
        about = About(prior.stored.label, stored.name, stored.namespace, stored.revision, stored.chart,
                      stored.app_version, context=prior.stored.context)  # fmt: skip
    there = namespace or about.namespace
    planned = About(label, about.release, there, region=plan.region.name, context=about.context)
    sides = Sides(_side(prior.release, about)._replace(kept=prior.kept), _side(new, planned), plan.decision)
    output = Output(SUFFIXES.get(os.path.splitext(file)[1].lower(), "text"), file)
    write(reports((compare(sides, [], Phases()),), DiffOptions(outputs=(output,))))


def _not_there(about: About) -> About:
    """The old side of a first installation, with what the helm that called us says of where it goes."""
    from natsvalues.cli.helm_command import helm_command
    from natsvalues.cli.stored import place_of

    command = helm_command()
    if command is None or not command.names:
        return about
    place = place_of(command.words.cluster)
    return about._replace(release=command.names[0], namespace=place.namespace or about.namespace, context=place.context)


def _side(release: Release, about: About) -> Side:
    # Helm 3 does not post-render hooks, and stored manifests leave them out.
    return Side(about, release, hooks_known=bool(release.mentioning(HOOK)))
