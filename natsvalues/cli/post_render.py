"""`natsvalues post-render`: a rendered release on standard input, the region's release on standard output."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from natsvalues.cli.edge import guarded
from natsvalues.cli.region_release import region_release
from natsvalues.cli.state import Run, remember
from natsvalues.cli.streams import STANDARD_INPUT, read_stream
from natsvalues.errors import EXIT_OK, NatsvaluesError, Where
from natsvalues.report.text import notices

if TYPE_CHECKING:
    from natsvalues.cli.light import PostRenderOptions
    from natsvalues.overlays.pipeline import Result


def post_render(options: PostRenderOptions) -> int:
    """Run, remember what happened, and return an exit code; nothing is written unless everything succeeded."""
    run = Run()
    return guarded(run, lambda: _post_render(options, run), remembered=True)


def _post_render(options: PostRenderOptions, run: Run) -> int:
    result = checked_release(read_stream(), STANDARD_INPUT, options, run)
    sys.stdout.buffer.writelines(piece.encode() for piece in result.release.pieces())
    sys.stdout.buffer.flush()
    remember(run.succeeded(result))
    warnings = notices(result, level="warning")
    if warnings:
        sys.stderr.write(warnings)
    return EXIT_OK


def checked_release(stream: str, file: str, options: PostRenderOptions, run: Run) -> Result:
    """Edit a stream for its region and compare it with `--prior`, as the options say; also what `explain` shows."""
    result = region_release(stream, file, options.region, options.overlays, run)
    if options.prior is not None:
        from natsvalues.cli.prior import prior_release, refuse_losses  # seldom used

        prior = prior_release(options.prior, result)
        if options.report is not None:
            from natsvalues.cli.diff.prior_report import write_report

            write_report(options.report, prior, result)  # before a refusal, which it explains
        refuse_losses(prior, options.allow, result)
    elif options.report is not None:
        raise NatsvaluesError(
            "NV-D009",
            "--report compares with a prior release, and --prior is not set",
            where=(Where(options.report),),
            hint="set --prior FILE or --prior release:NAME (also NATSVALUES_PRIOR)",
        )
    return result
