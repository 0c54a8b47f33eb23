"""`natsvalues rehearse --scenario plan`: from what is installed, to the overlays."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from natsvalues.cli.overlays_folder import overlays_folder
from natsvalues.cli.rehearse_options import RELEASE
from natsvalues.cli.streams import read_stream
from natsvalues.errors import NatsvaluesError
from natsvalues.files import listed
from natsvalues.manifests.release import Release
from natsvalues.overlays.folder import load
from natsvalues.rehearsal.plan_stage import Planned, with_servers
from natsvalues.rehearsal.reading import read_rendering
from natsvalues.rehearsal.run import Order
from natsvalues.rehearsal.stage import Step

if TYPE_CHECKING:
    from collections.abc import Callable

    from natsvalues.cli.rehearse_options import Options
    from natsvalues.rehearsal.plan_stage import Text
    from natsvalues.rehearsal.sources import Text as Plain

SECONDS = 1800.0
"""A plan has many steps: the limit in total, where none is given."""
_ENDINGS = (".yaml", ".yml")


def plan_order(options: Options, plain: Callable[[], Plain]) -> Order:
    """The rehearsal of the plan; `plain` reads what gives a region's plain rendering.

    Raises NatsvaluesError without `--prior`.
    """
    if options.prior is None or not os.path.isdir(options.prior):
        raise NatsvaluesError(
            "NV-R002", "the scenario plan needs what is installed now",
            hint="--prior FOLDER, with REGION.yaml for each region that is installed (helm get manifest NAME); "
            "an empty folder if none is",
        )  # fmt: skip
    overlays = load(overlays_folder(options.overlays))
    prior = {}
    for name in listed(options.prior, _ENDINGS):
        path = os.path.join(options.prior, name)
        prior[name.rpartition(".")[0]] = Release(read_stream(path), path)
    installed = {name: read_rendering(release.text(), release.file) for name, release in prior.items()}
    text = _with_servers(options, plain())
    goal = {name: read_rendering(*text(name, None), overlays.regions[name].region.nats) for name in overlays.regions}
    bounds = options.bounds if options.limit else options.bounds._replace(seconds=SECONDS)
    steps = (Step("installed", installed), Step("goal", goal))
    planned = Planned(overlays, text, prior)
    return Order("plan", steps, options.scale, keep=options.keep, bounds=bounds, planned=planned)


def _with_servers(options: Options, plain: Plain) -> Text:
    """A region's plain rendering with a number of servers: by the chart, or as the StatefulSet's replicas."""

    def text(region: str, servers: int | None) -> tuple[str, str]:
        if servers is None:
            return plain(region)
        if options.chart:
            from natsvalues.outside.helm import templated  # starts a process

            words = [word for path in options.values for word in ("-f", path)]
            wanted = ("--set", f"config.cluster.replicas={servers}")
            return templated(RELEASE, options.chart, *words, *wanted), options.chart
        content, file = plain(region)
        return with_servers(Release(content, file), servers).text(), file

    return text
