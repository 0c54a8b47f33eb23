"""`natsvalues rehearse`: scenarios with real servers, side by side, and their verdict as a gate."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
from typing import TYPE_CHECKING

from natsvalues.cli.edge import guarded
from natsvalues.cli.outputs import Output, write
from natsvalues.cli.overlays_folder import overlays_folder
from natsvalues.cli.phases import waiting
from natsvalues.cli.progress import Progress
from natsvalues.cli.rehearse_clusters import cluster_orders, with_revisions
from natsvalues.cli.rehearse_findings import noticed
from natsvalues.cli.rehearse_options import ALL, RELEASE, Options, check_files
from natsvalues.cli.rehearse_streams import rehearsed_streams, require_regions
from natsvalues.cli.state import Run
from natsvalues.cli.streams import read_stream
from natsvalues.errors import EXIT_GATE, EXIT_NOT_CONVERGED, EXIT_OK, NatsvaluesError
from natsvalues.outside import disks
from natsvalues.outside.jetstream import require_client
from natsvalues.outside.server_binary import server_binary
from natsvalues.overlays.folder import load
from natsvalues.rehearsal.run import Order, rehearse
from natsvalues.rehearsal.scenarios import SCENARIOS
from natsvalues.rehearsal.sources import fitting, steps_in, steps_of
from natsvalues.report.rehearsal_json import document
from natsvalues.report.rehearsal_text import scenario_text
from natsvalues.report.timeline_files import as_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.rehearsal.outcome import Outcome
    from natsvalues.rehearsal.sources import Text
    from natsvalues.rehearsal.stage import Step


def run_rehearsals(options: Options) -> int:
    """Run the scenarios, print the results, and return the exit code."""

    def work() -> int:
        logging.getLogger("asyncio").setLevel(logging.ERROR)  # it warns of connections that servers close
        require_client()
        with waiting("rendering and fetching servers"):
            orders = _orders(options) if options.clusters is None else cluster_orders(options, options.clusters)
        outcomes = asyncio.run(_all(orders, options))
        if options.clusters is not None:
            outcomes = [with_revisions(outcome, options.clusters) for outcome in outcomes]
        write(list(_outputs(outcomes, options)))
        return _code(outcomes, options.expect)

    return guarded(Run(), work)


def _outputs(outcomes: list[Outcome], options: Options) -> Iterator[Output]:
    if options.as_json:
        yield Output(None, json.dumps(document(outcomes), indent=1) + "\n")
    else:
        yield Output(None, "\n".join(scenario_text(outcome, mapping=options.mapping) for outcome in outcomes))
    if options.timeline:
        yield Output(options.timeline, as_file(outcomes, options.timeline))
    if options.junit:
        from natsvalues.report.rehearsal_junit import junit  # seldom used

        yield Output(options.junit, junit(outcomes, options.expect))


def _orders(options: Options) -> list[Order]:
    names = options.scenarios
    impossible = without_disks(names)
    if ALL in names:
        left_out = {"upgrade", "plan"} if options.prior is None else {"plan"}
        if impossible:
            left_out |= {name for name, item in SCENARIOS.items() if item.needs_disks}
        if not has_overlays(options):
            left_out.add("stage-walk")
        names = tuple(name for name in SCENARIOS if name not in left_out)
    check_files(options, len(names))
    orders = [_plan_order(options)._replace(dns=options.dns)] if "plan" in names else []
    names = tuple(name for name in names if name != "plan")
    streams, streams_in = rehearsed_streams(options)
    prior = steps_in(options.prior, read_stream) if options.prior and names else ()
    for name in names:
        steps = fitting(name, _steps(options, name), prior)
        keep = os.path.join(options.keep, name) if options.keep else None
        require_regions(streams_in, steps)
        order = Order(name, steps, options.scale, options.chosen, streams_in, keep, options.bounds)
        orders.append(order._replace(streams=streams, at_once=options.at_once, dns=options.dns))
    versions = {str(item.version) for order in orders for step in order.steps for item in step.renderings.values()}
    binaries = {version: server_binary(version) for version in sorted(versions)}
    orders = [order._replace(binaries=binaries) for order in orders]
    return [orders[0]._replace(notes=impossible), *orders[1:]]


def without_disks(names: tuple[str, ...]) -> tuple[str, ...]:
    """The note that `all` leaves out what needs disks whose power can be cut; empty if this machine can have them.

    Raises NatsvaluesError (NV-R041) if such a scenario was named.
    """
    wanted = [name for name, item in SCENARIOS.items() if item.needs_disks and {name, ALL} & set(names)]
    if not wanted:
        return ()
    try:
        disks.require()
    except NatsvaluesError as error:
        if ALL not in names:
            raise
        return (f"{', '.join(wanted)} was left out, so nothing here shows what a power cut loses: {error.message}",)
    return ()


def _steps(options: Options, scenario: str) -> tuple[Step, ...]:
    if not has_overlays(options):
        if options.folder is None:
            raise NatsvaluesError(
                "NV-R007", "rehearse needs renderings",
                hint="use a folder with REGION.yaml for each region, or --overlays with --rendering or --chart",
            )  # fmt: skip
        return steps_in(options.folder, read_stream)
    _require_one_source(options)
    overlays = load(overlays_folder(options.overlays))
    return steps_of(overlays, _plain(options), scenario, at_once=options.at_once)


def _plan_order(options: Options) -> Order:
    from natsvalues.cli.rehearse_plan import plan_order  # seldom used

    _require_one_source(options)
    return plan_order(options, lambda: _plain(options))


def _require_one_source(options: Options) -> None:
    given = [name for name in (options.folder, options.rendering, options.chart) if name is not None]
    if len(given) != 1:
        raise NatsvaluesError(
            "NV-R007", "overlays need one source of renderings" + (", and there are several" if given else ""),
            hint="use one of --rendering FILE, --chart CHART, or a folder with a plain REGION.yaml for each region",
        )  # fmt: skip


def _plain(options: Options) -> Text:
    """A region's plain rendering, and its file."""
    shared = _shared_text(options)

    def text(region: str) -> tuple[str, str]:
        if shared is not None:
            return shared
        path = os.path.join(options.folder or "", f"{region}.yaml")
        return read_stream(path), path

    return text


def has_overlays(options: Options) -> bool:
    """Whether overlays are applied: they are named, or a plain rendering or a chart needs them."""
    return bool(options.overlays or options.rendering or options.chart)


def _shared_text(options: Options) -> tuple[str, str] | None:
    """The one plain rendering for all regions, and its name."""
    if options.rendering:
        return read_stream(options.rendering), options.rendering
    if options.chart:
        from natsvalues.outside.helm import templated  # starts a process; seldom used

        values = [word for path in options.values for word in ("-f", path)]
        return templated(RELEASE, options.chart, *values), options.chart
    return None


async def _all(orders: list[Order], options: Options) -> list[Outcome]:
    """Run all orders, at most `jobs` at a time; one that cannot be run, or a signal, ends all."""
    loop, main = asyncio.get_running_loop(), asyncio.current_task()
    interrupted: list[int] = []

    def interrupt(number: int) -> None:
        interrupted.append(number)
        if main is not None:
            main.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, interrupt, number)
    gate = asyncio.Semaphore(options.jobs if options.clusters is None else 1)
    progress = Progress(sys.stderr)

    async def run_one(order: Order) -> Outcome:
        async with gate:
            outcome = await rehearse(order, lambda world: progress.show(order.scenario, world))
            outcome = outcome._replace(findings=noticed(order.steps[-1]))
            progress.done(order.scenario, outcome.word)
            return outcome

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(run_one(order)) for order in orders]
    except asyncio.CancelledError:
        if interrupted:
            raise KeyboardInterrupt from None
        raise
    except ExceptionGroup as group_error:
        raise group_error.exceptions[0] from None
    finally:
        progress.clear()
    return [task.result() for task in tasks]


def _code(outcomes: list[Outcome], expect: str) -> int:
    words = {outcome.word for outcome in outcomes}
    if words == {expect or "converged"}:
        return EXIT_OK
    return EXIT_NOT_CONVERGED if words & {"stuck", "lossy"} - {expect} else EXIT_GATE
