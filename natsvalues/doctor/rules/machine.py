"""The machine from which releases are installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.errors import Where
from natsvalues.lint.rule import Problem, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.doctor.live_set import LiveSet


@rule(
    "DR501", "helm-plugins-clash", "warning", "live",
    why="Helm 3 loads no plugin at all beside one of Helm 4, and neither loads two of one name. An upgrade from this "
    "machine then fails, or goes without natsvalues.",
    source="run on helm 3.19.0 and 4.3.1",
    remedy="`natsvalues plugin status` shows what each helm loads, and what to remove.",
    fails="here: {plugins: [{what: Helm 3 loads no plugin at all beside a Helm 4 plugin, remedy: remove it}]}",
    passes="here: {plugins: []}",
)  # fmt: skip
def plugins_clash(live: LiveSet) -> Iterator[Problem]:
    """On this machine a helm does not load its plugins: such as those of both majors in one folder."""
    for fault in live.seen.here.get("plugins", ()):
        regions = tuple(region.name for region in live.seen.regions)
        yield Problem(f"{fault['what']} ({fault['remedy']})", (Where("this machine", field="helm plugins"),), regions)
