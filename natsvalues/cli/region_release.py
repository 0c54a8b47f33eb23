"""A rendered release with the edits of its region: what `post-render`, `explain` and `diff` share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.cli.overlays_folder import overlays_folder
from natsvalues.manifests.release import Release
from natsvalues.overlays.choice import choose
from natsvalues.overlays.folder import load
from natsvalues.overlays.pipeline import Result, render
from natsvalues.overlays.plan import plan

if TYPE_CHECKING:
    from natsvalues.cli.state import Run


def region_release(stream: str, file: str, region: str | None, overlays: str | None, run: Run) -> Result:
    """Edit the stream that came from `file` for a region, and note the folder and the region in the run.

    Without a region, the only one that the release can be for. Raises NatsvaluesError.
    """
    release = Release(stream, file)
    run.overlays = overlays_folder(overlays)
    regions = load(run.overlays)
    run.region = region
    run.region = choose(regions, release, region)
    return render(release, plan(regions, run.region))
