"""`natsvalues plan`: the steps to the overlays; the next one of them, and whether it may be made now."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from natsvalues.cli.edge import guarded
from natsvalues.cli.outputs import Output, outputs, write
from natsvalues.cli.overlays_folder import overlays_folder
from natsvalues.cli.phases import waiting
from natsvalues.cli.plan_next import with_upgrades
from natsvalues.cli.plan_places import places_of
from natsvalues.cli.plan_rendered import rendered
from natsvalues.cli.state import Run
from natsvalues.errors import EXIT_ERROR, EXIT_GATE, EXIT_OK, NatsvaluesError
from natsvalues.overlays.folder import load
from natsvalues.overlays.plan import plans
from natsvalues.report.plan_html import plan_html
from natsvalues.report.plan_json import document
from natsvalues.report.plan_markdown import plan_markdown
from natsvalues.report.plan_text import plan_text
from natsvalues.runbook.checking import Seen, answer, backups_in
from natsvalues.runbook.planning import runbook
from natsvalues.runbook.written import WrittenCheck, written

if TYPE_CHECKING:
    from natsvalues.cli.plan_options import PlanOptions
    from natsvalues.cli.plan_places import Found
    from natsvalues.overlays.folder import Overlays
    from natsvalues.runbook.checking import Answer
    from natsvalues.runbook.commands import Target
    from natsvalues.runbook.step import Check, Runbook, Step
    from natsvalues.runbook.written import WrittenPlan

FORMATS = ("text", "markdown", "json", "html")


def plan(options: PlanOptions) -> int:
    """Print the plan; exit code 4 if `--check` finds a precondition of the next step that does not hold."""

    def work() -> int:
        reports = outputs(options.output or ("text",), FORMATS)
        overlays = load(overlays_folder(options.overlays))
        for name in options.regions:
            overlays.region(name)  # raises, with the nearest name
        with waiting("looking at where the regions are"):
            where = places_of(options, overlays)
        whole = _steps(options, overlays, where)
        steps = tuple(step for step in whole.steps if not options.regions or step.region in options.regions)
        chosen = whole._replace(steps=steps, unknown=(*_unasked(options), *whole.unknown))
        answers = _answers(chosen, where.targets, where.seen)
        if options.check:
            _require_looked_at(chosen, answers, where.seen)
        earlier = whole.steps[: whole.steps.index(steps[0])] if steps else ()
        text = _in_order(written(chosen, where.targets, answers, where.absent), earlier)
        if options.write and steps:
            from natsvalues.cli.plan_edits import write_moves  # seldom used

            write_moves(steps[0])
        write([Output(file, _report(text, name, only_next=options.next or options.check)) for name, file in reports])
        if chosen.refused:
            return EXIT_ERROR
        held = [answers[check].holds for check in (steps[0].before if steps else ()) if check in answers]
        return EXIT_GATE if options.check and (earlier or not all(held)) else EXIT_OK

    return guarded(Run(), work)


def _in_order(plan: WrittenPlan, earlier: tuple[Step, ...]) -> WrittenPlan:
    """The plan whose first step is not to be made before these steps of other regions, which `--region` leaves out."""
    if not earlier:
        return plan
    words = f"the steps before it are made: {', '.join(step.id for step in earlier)}"
    check, first = WrittenCheck(words, "natsvalues plan --next", holds=False), plan.steps[0]
    return plan._replace(steps=(first._replace(before=(check, *first.before)), *plan.steps[1:]))


def _steps(options: PlanOptions, overlays: Overlays, where: Found) -> Runbook:
    """The steps to the overlays, or those to another delivery."""
    if not options.to:
        there = {name for name, place in where.places.items() if place.state is not None}
        new = rendered(options, {name: item for name, item in plans(overlays).items() if name in there})
        places, unknown = with_upgrades(options.chart, overlays, where, new)
        backups = {name: backups_in(at.folder) for name, at in where.targets.items()}
        whole = runbook(overlays, places, backups, new.regions)
        return whole._replace(unknown=(*whole.unknown, *new.unknown, *unknown))
    from natsvalues.runbook.delivering import delivering  # seldom used

    targets = {name: where.targets[name] for name in options.regions or overlays.regions}
    return delivering(overlays.supercluster.name, where.places, targets, options.to, options.given)


def _unasked(options: PlanOptions) -> tuple[str, ...]:
    """What nobody said about where the regions are."""
    if options.clusters.contexts or options.prior or options.to:
        return ()
    return ("what is installed: --contexts, or --prior. These are the steps from nothing",)


def _answers(plan: Runbook, targets: dict[str, Target], seen: dict[str, Seen]) -> dict[Check, Answer]:
    """The answers to the checks before the next step."""
    checks = plan.steps[0].before if plan.steps else ()
    return {check: answer(check, seen.get(check.region, Seen()), targets[check.region].folder) for check in checks}


def _require_looked_at(plan: Runbook, answers: dict[Check, Answer], seen: dict[str, Seen]) -> None:
    """Raise NatsvaluesError if nothing says where the servers are that the next step's preconditions ask."""
    if plan.steps and answers and not seen and all(item.holds is None for item in answers.values()):
        raise NatsvaluesError(
            "NV-M004",
            "--check looks at the servers, and nothing says where they are",
            hint="--contexts REGION=CONTEXT,… asks them through the clusters' API servers",
        )


def _report(plan: WrittenPlan, name: str, *, only_next: bool) -> str:
    shown = plan._replace(steps=plan.steps[:1]) if only_next else plan
    if name == "json":
        return json.dumps(document(shown), indent=1) + "\n"
    if name == "markdown":
        return plan_markdown(shown)
    if name == "html":
        return plan_html(shown)
    return plan_text(plan, only_next=only_next)
