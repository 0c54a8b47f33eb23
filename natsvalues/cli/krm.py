"""`natsvalues krm`: a ResourceList on standard input, the region's on standard output, for kustomize and kpt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.cli.edge import guarded
from natsvalues.cli.light import PostRenderOptions, with_environment
from natsvalues.cli.overlays_folder import overlays_folder
from natsvalues.cli.state import Run
from natsvalues.cli.streams import read_stream, write_message, write_stream
from natsvalues.delivery.function_config import read_config
from natsvalues.delivery.resource_list import ResourceList
from natsvalues.errors import EXIT_OK, NatsvaluesError
from natsvalues.files import STANDARD_INPUT
from natsvalues.overlays.choice import choose
from natsvalues.overlays.folder import load
from natsvalues.overlays.pipeline import render
from natsvalues.overlays.plan import plan
from natsvalues.report.krm_results import failed, succeeded
from natsvalues.report.text import notices

if TYPE_CHECKING:
    from natsvalues.delivery.function_config import Config
    from natsvalues.overlays.pipeline import Result


def krm() -> int:
    """Run as a function, and return an exit code.

    After an error the list goes out as it came in, with the error among its results, as the specification of KRM
    functions has it. The exit code is what counts: kustomize 5.8.2 reads no results, and shows standard error.
    """
    return guarded(Run(), _krm)


def _krm() -> int:
    given = ResourceList(read_stream(), STANDARD_INPUT)
    try:
        config = read_config(given.config)
        result = _rendered(given, config)
        text = given.written(result.release, succeeded(given, result, each=config.results == "all"))
    except NatsvaluesError as error:
        write_stream([given.with_results(failed(given, error))])
        raise
    write_stream([text])
    write_message(notices(result, level="warning"))
    return EXIT_OK


def _rendered(given: ResourceList, config: Config) -> Result:
    overlays = config.overlays or load(overlays_folder(config.folder))
    region = with_environment(PostRenderOptions(config.region)).region
    return render(given.release, plan(overlays, choose(overlays, given.release, region)))
