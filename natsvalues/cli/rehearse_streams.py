"""`natsvalues rehearse --streams`: the user's streams from files, and the regions that streams may be in."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from natsvalues.errors import NatsvaluesError
from natsvalues.files import content
from natsvalues.rehearsal.user_streams import HINT, UserStream, together, user_streams

if TYPE_CHECKING:
    from collections.abc import Iterable

    from natsvalues.cli.rehearse_options import Options
    from natsvalues.rehearsal.stage import Step


def rehearsed_streams(options: Options) -> tuple[tuple[UserStream, ...], tuple[str, ...]]:
    """The user's streams, each once, and the regions that may have streams (none: all of them).

    `--streams REGION`, as it was before there was --streams-in, is what is no path of a file. Raises NatsvaluesError.
    """
    files = [word for word in options.streams if os.path.isfile(word) or not _may_be_region(word)]
    read = [user_streams(content(file, HINT).decode("utf-8", "replace"), file) for file in files]
    regions = [word for word in options.streams if word not in files]
    return together(stream for streams in read for stream in streams), (*options.streams_in, *regions)


def _may_be_region(word: str) -> bool:
    return os.path.basename(word) == word and "." not in word


def require_regions(regions: tuple[str, ...], steps: tuple[Step, ...]) -> None:
    """Raise NatsvaluesError (NV-R005) for a region that no step has."""
    require_known(regions, dict.fromkeys(key for step in steps for key in step.renderings))


def require_known(regions: tuple[str, ...], known: Iterable[str]) -> None:
    """Raise NatsvaluesError (NV-R005) for a region that is not known."""
    names = list(known)
    for region in regions:
        if region not in names:
            raise NatsvaluesError(
                "NV-R005", f"there is no rendering of a region `{region}`, and no file of that name",
                hint=f"there are: {', '.join(names)}; --streams reads a file, --streams-in names a region",
            )  # fmt: skip
