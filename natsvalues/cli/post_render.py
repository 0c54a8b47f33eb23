"""`natsvalues post-render`: a rendered release on standard input, the region's release on standard output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.cli.edge import guarded
from natsvalues.cli.region_release import region_release
from natsvalues.cli.state import Run, remember
from natsvalues.cli.streams import read_stream, write_stream
from natsvalues.errors import EXIT_OK
from natsvalues.files import STANDARD_INPUT
from natsvalues.outside.calling import calling_helm
from natsvalues.report.text import notices

if TYPE_CHECKING:
    from natsvalues.cli.light import PostRenderOptions
    from natsvalues.overlays.pipeline import Result


def post_render(options: PostRenderOptions) -> int:
    """Run, remember what happened, and return an exit code; nothing is written unless everything succeeded."""
    run = Run()
    return guarded(run, lambda: _post_render(options, run), remembered=True, say=_say)


def _say(error: str) -> None:
    from natsvalues.cli.past_helm import write_error  # for a failure only

    write_error(error)


def _post_render(options: PostRenderOptions, run: Run) -> int:
    result = checked_release(read_stream(), STANDARD_INPUT, options, run)
    write_stream(result.release.pieces())
    remember(run.succeeded(result))
    warnings = notices(result, level="warning")
    if warnings:
        from natsvalues.cli.past_helm import write_warning  # for few runs only

        write_warning(warnings)
    return EXIT_OK


def checked_release(stream: str, file: str, options: PostRenderOptions, run: Run) -> Result:
    """Edit a stream for its region and compare it with the prior release, as the options say; `explain` shows it, too.

    A comparison that nobody asked for and that is not possible is a warning; any other failure is an error.
    """
    result = region_release(stream, file, options.region, options.overlays, run)
    if options.prior is None and options.report is None and calling_helm() is None:
        return result  # the usual pipe: nothing more is imported
    from natsvalues.cli.compared import compared

    return compared(result, stream, options, run)
