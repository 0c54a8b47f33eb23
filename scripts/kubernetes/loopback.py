"""The acts of a suite on loopback: the same charts, values and overlays, in a rehearsal instead of on clusters."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path += [HERE, os.path.dirname(HERE)]

import binaries  # noqa: E402 - scripts are no package
from inputs import charts_of, write_overlays, write_values  # noqa: E402 - same
from suites import NAMESPACE, RELEASE  # noqa: E402 - same

from natsvalues.overlays.folder import load  # noqa: E402 - same
from natsvalues.rehearsal.reading import read_rendering  # noqa: E402 - same
from natsvalues.rehearsal.run import Order  # noqa: E402 - same
from natsvalues.rehearsal.scenarios import SCENARIOS  # noqa: E402 - same
from natsvalues.rehearsal.sources import fitting, steps_of  # noqa: E402 - same
from natsvalues.rehearsal.stage import Step  # noqa: E402 - same

if TYPE_CHECKING:
    from collections.abc import Iterator

    from suites import Act, Suite

_SAME = {"plain-install": "first-install"}
"""Acts that are a scenario of `rehearse` under another name."""


def scenario_of(act: Act) -> str | None:
    """The scenario of `rehearse` that plays an act on loopback; None if none does."""
    name = _SAME.get(act.name, act.name)
    return name if name in SCENARIOS else None


def orders(suite: Suite, folder: str, shared: str | None) -> Iterator[tuple[int, Order]]:
    """The acts that loopback can play, with their numbers, counted from 1; none without the suite's charts."""
    charts = charts_of(suite, folder, shared)
    if charts is None:
        return
    helm = binaries.fetch(f"helm{suite.helm}")
    server, chart, sync = suite.server, charts[suite.chart], suite.sync
    for number, act in enumerate(suite.acts, 1):
        before = (server, chart)
        server, chart = act.server or server, charts[act.chart] if act.chart else chart
        sync = act.sync or sync
        write_overlays(suite, os.path.join(folder, "overlays"), sync)
        scenario = scenario_of(act)
        if scenario is None:
            continue
        inputs = os.path.join(folder, f"inputs-{number}")
        if act.installs:
            steps = _steps(suite, inputs, (helm, server, chart), scenario)
            prior = _steps(suite, f"{inputs}-prior", (helm, *before), scenario) if scenario == "upgrade" else ()
        else:
            steps, prior = (_plain(suite, inputs, (helm, server, chart)),), ()
        yield number, Order(scenario, fitting(scenario, steps, prior), chosen=act.region)


def _steps(suite: Suite, folder: str, what: tuple[str, str, str], scenario: str) -> tuple[Step, ...]:
    """The chart with the overlays; `what` is the helm, the server's version and the chart."""
    helm, server, chart = what
    os.makedirs(folder)
    write_values(suite, server, folder)
    text = _template(helm, chart, os.path.join(folder, "values.yaml"))
    return steps_of(load(os.path.join(os.path.dirname(folder), "overlays")), lambda _: (text, chart), scenario)


def _plain(suite: Suite, folder: str, what: tuple[str, str, str]) -> Step:
    """The chart alone, with gateways by hand."""
    helm, server, chart = what
    os.makedirs(folder)
    write_values(suite, server, folder)
    texts = {
        region: _template(
            helm, chart, *(os.path.join(folder, f"{name}.yaml") for name in ("values", f"plain-{region}"))
        )
        for region in suite.regions
    }
    return Step("", {region: read_rendering(text, region) for region, text in texts.items()})


def _template(helm: str, chart: str, *values: str) -> str:
    words = [helm, "template", RELEASE, chart, "--namespace", NAMESPACE]
    words += [word for path in values for word in ("-f", path)]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout
