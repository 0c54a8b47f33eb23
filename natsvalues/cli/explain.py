"""`natsvalues explain`: each edit with its reason and source, and what the stage allows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from natsvalues.cli.edge import guarded
from natsvalues.cli.post_render import checked_release
from natsvalues.cli.state import Run
from natsvalues.cli.streams import STANDARD_INPUT, read_stream, write_output
from natsvalues.errors import EXIT_OK
from natsvalues.overlays.losses_since import state_after
from natsvalues.overlays.stages import guidance
from natsvalues.report.json_v1 import changes, notice
from natsvalues.report.text import explanation

if TYPE_CHECKING:
    from natsvalues.cli.light import PostRenderOptions


def explain(path: str | None, options: PostRenderOptions, *, as_json: bool) -> int:
    """Post-render without writing the release, and print the edits."""
    run = Run()

    def work() -> int:
        file = None if path in (None, "-") else path
        result = checked_release(read_stream(file), file or STANDARD_INPUT, options, run)
        advice = guidance(result.plan, state_after(result))
        if as_json:
            report = {
                "format": 1,
                "region": result.plan.region.name,
                "stage": result.plan.region.stage,
                "changes": changes(result),
                "notices": [notice(item) for item in result.notices],
                "guidance": list(advice),
            }
            write_output(json.dumps(report, indent=1) + "\n")
        else:
            write_output(explanation(result, advice))
        return EXIT_OK

    return guarded(run, work)
