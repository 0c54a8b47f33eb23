"""`natsvalues post-render`: a rendered release on standard input, the region's release on standard output."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from natsvalues.cli.edge import guarded
from natsvalues.cli.state import Run, remember
from natsvalues.cli.streams import STANDARD_INPUT, read_stream
from natsvalues.errors import EXIT_OK, NatsvaluesError, Where
from natsvalues.manifests.release import Release
from natsvalues.overlays.choice import choose
from natsvalues.overlays.folder import load, locate
from natsvalues.overlays.pipeline import Result, render
from natsvalues.overlays.plan import plan
from natsvalues.report.text import notices

if TYPE_CHECKING:
    from natsvalues.cli.light import PostRenderOptions


def post_render(options: PostRenderOptions) -> int:
    """Run, remember what happened, and return an exit code; nothing is written unless everything succeeded."""
    run = Run()
    return guarded(run, lambda: _post_render(options, run), remembered=True)


def _post_render(options: PostRenderOptions, run: Run) -> int:
    result = rendered(read_stream(), STANDARD_INPUT, options, run)
    sys.stdout.buffer.writelines(piece.encode() for piece in result.release.pieces())
    sys.stdout.buffer.flush()
    remember(run.succeeded(result))
    told = notices(result, level="warning")
    if told:
        sys.stderr.write(told)
    return EXIT_OK


def rendered(stream: str, file: str, options: PostRenderOptions, run: Run) -> Result:
    """Post-render a stream as the options say; also what `explain` works on."""
    release = Release(stream, file)
    folder = locate(options.overlays, dict(os.environ), os.getcwd())
    run.overlays = folder
    overlays = load(folder)
    run.region = options.region
    run.region = choose(overlays, release, options.region)
    region_plan = plan(overlays, run.region)
    result = render(release, region_plan)
    if options.prior is not None:
        from natsvalues.cli.prior import prior_release, refuse_losses  # only when asked for

        prior = prior_release(options.prior, result)
        if options.report is not None:
            from natsvalues.cli.diff_report import leave_report

            leave_report(options.report, prior, result)  # before anything is refused: it says why
        refuse_losses(prior, options.allow, result)
    elif options.report is not None:
        raise NatsvaluesError(
            "NV-D009",
            "--report tells what differs from the release before, and there is none to compare with",
            where=(Where(options.report),),
            hint="give it: --prior FILE, or --prior release:NAME (also NATSVALUES_PRIOR)",
        )
    return result
