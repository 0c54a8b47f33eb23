"""The options of `natsvalues plan`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.records import NamedTuple

if TYPE_CHECKING:
    from natsvalues.cli.rehearse_options import ClusterOptions


class PlanOptions(NamedTuple):
    """The options of `plan`."""

    overlays: str | None
    prior: str | None
    jsz: tuple[str, ...]
    clusters: ClusterOptions
    chart: str
    values: tuple[str, ...]
    regions: tuple[str, ...]
    backups: str
    emptied: tuple[str, ...]
    lost: tuple[str, ...]
    next: bool
    check: bool
    write: bool
    output: tuple[str, ...]
    to: str = ""
    given: str = ""
    """The delivery that the regions have, where nothing shows it."""
