"""A post-rendered release, compared with the prior release, which says what may not happen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.cli.light import PRIOR_NONE
from natsvalues.cli.prior import refuse_losses
from natsvalues.cli.prior_release import is_automatic, prior_release
from natsvalues.errors import NatsvaluesError, Where
from natsvalues.manifests.release import Release
from natsvalues.manifests.stamps import acceptance
from natsvalues.overlays.losses_since import notes_since
from natsvalues.overlays.patches import Notice
from natsvalues.overlays.pipeline import render

if TYPE_CHECKING:
    from natsvalues.cli.light import PostRenderOptions
    from natsvalues.cli.state import Run
    from natsvalues.overlays.pipeline import Result

_OF_HELM = "NV-H"
"""How the codes of helm's own failures begin."""


def compared(result: Result, stream: str, options: PostRenderOptions, run: Run) -> Result:
    """The result, with a stamp of the losses that were accepted, if the prior release is one that Helm stored.

    A comparison that nobody asked for, and that helm cannot make, is a warning in the result. Raises NatsvaluesError
    for losses that are not accepted.
    """
    try:
        return _compared(result, stream, options, run)
    except NatsvaluesError as error:
        if not (is_automatic(options.prior) and options.report is None and error.code.startswith(_OF_HELM)):
            raise
        hint = f"{error.hint}\n" if error.hint else ""
        notice = Notice(
            "warning",
            f"not compared with the prior release, so a loss would not be noticed: {error.message}",
            hint=f"{hint}--prior={PRIOR_NONE} (or NATSVALUES_PRIOR={PRIOR_NONE}) does not try",
        )
        return result._replace(notices=(*result.notices, notice))


def _compared(result: Result, stream: str, options: PostRenderOptions, run: Run) -> Result:
    prior = prior_release(options.prior, result)
    if prior is None:
        _require_no_report(options)
        return result
    run.prior = prior.report or None
    if options.report is not None:
        from natsvalues.cli.diff.prior_report import write_report

        write_report(options.report, prior, result)  # before a refusal, which it explains
    move = result.plan.region.move
    accepted = refuse_losses(prior, (*options.allow, *(move.allow if move is not None else ())), result)
    notes = notes_since(prior.release, result)
    if accepted and prior.stored is not None:
        stamp = acceptance(prior.stored.newest.revision, accepted)
        result = render(Release(stream, result.release.file), result.plan._replace(accepted=stamp))
    return result._replace(notices=(*notes, *result.notices))


def _require_no_report(options: PostRenderOptions) -> None:
    """Raise if a report is wanted and there is nothing to compare with."""
    if options.report is not None:
        raise NatsvaluesError(
            "NV-D009",
            "--report compares with a prior release, and there is none",
            where=(Where(options.report),),
            hint="set --prior FILE or --prior release:NAME (also NATSVALUES_PRIOR); under helm upgrade the release\n"
            "that is upgraded is compared by itself",
        )
