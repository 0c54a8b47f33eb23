"""Rehearse on loopback what was played on real clusters, and write docs/rehearsals-compared.md: both side by side.

    python scripts/rehearsals_compared.py              # every act that both play, half an hour; then the page
    python scripts/rehearsals_compared.py promise walk # some, and print the page
    python scripts/rehearsals_compared.py --records F  # keep what is seen in F, and do not play again what is there
    python scripts/rehearsals_compared.py --dns        # with the DNS of each suite, which the page leaves out

What the clusters did is read from what scripts/kubernetes_suites.py has left in build/kubernetes (or `--kubernetes`).
The exit code is 1 if a verdict differs.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
from typing import TYPE_CHECKING, Any, NamedTuple

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path += [HERE, os.path.join(HERE, "kubernetes")]

import binaries  # noqa: E402 - scripts are no package
import loopback  # noqa: E402 - same
from plan_walks import WALKS  # noqa: E402 - same
from suites import SUITES, Act, Suite, named  # noqa: E402 - same

from natsvalues.rehearsal.naming import Dns  # noqa: E402 - same
from natsvalues.rehearsal.run import rehearse  # noqa: E402 - same

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from natsvalues.rehearsal.run import Order

PAGE = os.path.join(ROOT, "docs", "rehearsals-compared.md")
SHARED = os.environ.get("NATSVALUES_SHARED") or os.path.join(ROOT, "..", "shared")
KUBELET, STARTS, ELECTION = 7.0, 12.0, 9.0
"""Seconds on clusters that no rehearsal has: the kubelet's ticks begin up to 7 s before a container; a pod ends and the
next one starts in up to 12; and the longest time between two elections."""

_HEAD = """# Rehearsals compared with real Kubernetes

<!-- Written by scripts/rehearsals_compared.py from its results: change that. -->

Every row is one scenario that was played twice with the same chart, values and overlays: on
[real clusters](kubernetes.md), and by `natsvalues rehearse` on loopback, once each.

    python scripts/kubernetes_suites.py    # on clusters; about an hour
    python scripts/rehearsals_compared.py  # on loopback; then this page

- **Order**: in which order, in the last phase, there is for good a pod behind each load balancer (b), a gateway from
  each server (g), a meta leader for each server (l), and every pod ready (r). An event that never comes is not in it.
  Events within 1.5 s of each other are in brackets: clusters are asked once a second. `r` comes early on loopback,
  where probes are {scale:g} times faster; it is left out when orders are compared. Of what is stuck the chains are
  compared: what waits for what, in which order.
- **Seconds**: from the beginning of each phase until all is well; a phase that is stuck has none. On clusters they may
  be as many as on loopback, and in addition what is not scaled there: the delay and the period of the first probe that
  must succeed, once for each pod that waits for another ({kubelet:g} s more, as ticks are not in step), {starts:g} s
  for the end and start of each such pod, the time for which DNS remembers that there was no such name, and one more
  election ({election:g} s). *Up to* is that sum.

"""


class Milestones(NamedTuple):
    """Seconds after the beginning of the last phase from which something held until the end; None if it never did."""

    balanced: float | None
    linked: float | None
    led: float | None
    ready: float | None


_SHORT = {"balanced": "b", "linked": "g", "led": "l", "ready": "r"}


def milestones(timeline: Sequence[Mapping[str, Any]]) -> Milestones:
    """Since when, of the events of a scenario."""
    phases = [index for index, event in enumerate(timeline) if event["kind"] == "phase"]
    last = phases[-2] if len(phases) > 1 else phases[-1]  # the last one of all is the verdict
    begun = timeline[last]["seconds"]
    states: dict[tuple[str, str], str] = {}
    since: dict[str, float | None] = dict.fromkeys(Milestones._fields)
    for index, event in enumerate(timeline):
        states[event["kind"], event["subject"]] = event["text"]
        if index < last or event["kind"] == "phase":
            continue
        for name, (kind, holds) in _HOLDS.items():
            found = [text for (of, _), text in states.items() if of == kind]
            if not found or not all(map(holds, found)):
                since[name] = None
            elif since[name] is None:
                since[name] = round(max(event["seconds"] - begun, 0.0), 1)
    return Milestones(**since)


_HOLDS: dict[str, tuple[str, Callable[[str], bool]]] = {
    "balanced": ("balancer", lambda text: not text.startswith("0 ")),
    "linked": ("links", lambda text: text != "none"),
    "led": ("leader", lambda text: not text.startswith("none")),
    "ready": ("pod", lambda text: text == "ready"),
}
_CLOSE = 1.5


def order_of(seen: Milestones, *, names: Iterable[str] = Milestones._fields) -> str:
    """The events in their order; those close to each other in brackets, by name."""
    came = sorted((at, name) for name in names if (at := getattr(seen, name)) is not None)
    groups: list[list[tuple[float, str]]] = []
    for at, name in came:
        if groups and at - groups[-1][0][0] <= _CLOSE:
            groups[-1].append((at, name))
        else:
            groups.append([(at, name)])
    texts = ["".join(sorted(_SHORT[name] for _, name in group)) for group in groups]
    return " ".join(text if len(text) == 1 else f"({text})" for text in texts) or "-"


def agree(one: Milestones, other: Milestones) -> bool:
    """Whether no two events came in different orders, farther apart than clusters are asked; not of ready pods."""
    names = [name for name in Milestones._fields if name != "ready"]
    for first in names:
        for second in names:
            gaps = [_gap(seen, first, second) for seen in (one, other)]
            if min(gaps) < -_CLOSE and max(gaps) > _CLOSE:
                return False
    return all((getattr(one, name) is None) == (getattr(other, name) is None) for name in names)


def _gap(seen: Milestones, first: str, second: str) -> float:
    """By how many seconds the first came after the second; 0 if one never did."""
    times = getattr(seen, first), getattr(seen, second)
    return 0.0 if None in times else times[0] - times[1]


class Side(NamedTuple):
    """One of the two: verdict, seconds of each phase, milestones of the last one, and who waits where it is stuck."""

    word: str
    times: dict[str, float]
    seen: Milestones
    waiting: tuple[str, ...]

    @property
    def order(self) -> str:
        """The events in their order, or how long the chain is of what waits."""
        return f"chain of {len(self.waiting)}" if self.waiting else order_of(self.seen)


class Phase(NamedTuple):
    """The seconds of a phase: on clusters, on loopback, and how many it may have on clusters."""

    name: str
    clusters: float
    loopback: float
    most: float


class Compared(NamedTuple):
    """An act on clusters and on loopback; `more` are the seconds that each phase may take longer on clusters."""

    suite: Suite
    number: int
    clusters: Side
    loopback: Side
    more: dict[str, float]

    @property
    def act(self) -> Act:
        """The act."""
        return self.suite.acts[self.number - 1]

    @property
    def same_order(self) -> bool:
        """Whether the events came in the same order, and the same things wait for each other in the same one."""
        return agree(self.clusters.seen, self.loopback.seen) and self.clusters.waiting == self.loopback.waiting

    @property
    def in_time(self) -> bool:
        """Whether no phase took longer on clusters than the scale explains."""
        return all(phase.clusters <= phase.most for phase in self.phases)

    @property
    def phases(self) -> list[Phase]:
        """The phases that both have; a server that is lost comes back at once on clusters, and here in the next one."""
        there, here = self.clusters.times, self.loopback.times
        pairs = [(name, name) for name in here if name in there] or list(zip(there, here, strict=False))[-1:]
        return [Phase(first, there[first], here[second], here[second] + self.more[second]) for first, second in pairs]


def of_clusters(folder: str, suite: Suite, number: int) -> Side | None:
    """What the last run on clusters left of an act; None if there was none."""
    path = os.path.join(folder, f"{suite.name}-{number}-{suite.acts[number - 1].name}.json")
    if not os.path.isfile(path):
        return None
    with open(path, encoding="utf-8") as file:
        scenario = json.load(file)["scenarios"][0]
    word = "stuck" if scenario["verdict"] == "stuck" else "lossy" if scenario["lossy"] else "converged"
    waiting = tuple(cause["subject"] for cause in scenario["causes"])
    return Side(word, _played(scenario["times"]), milestones(scenario["timeline"]), waiting)


def _played(times: dict[str, float]) -> dict[str, float]:
    return {name: seconds for name, seconds in times.items() if name != "warm-up"}


def more_on_clusters(suite: Suite, order: Order, phases: Iterable[str]) -> dict[str, float]:
    """The seconds that each phase of an order may take longer on clusters."""
    longest = max((item for step in order.steps for item in step.renderings.values()), key=lambda item: item.replicas)
    first = next((probe for kind in ("startup", "readiness") for probe in longest.probes if probe.kind == kind), None)
    kubelet = (first.initial_delay + first.period) * (1 - 1 / order.scale) + KUBELET if first is not None else KUBELET
    rolls = order.scenario in ("rolling", "upgrade", "stage-walk")
    pods = longest.replicas if rolls else 1
    ttl = suite.ttl if order.dns is None else 0
    return dict.fromkeys(phases, pods * (kubelet + STARTS) + ttl + ELECTION)


async def on_loopback(order: Order) -> dict[str, Any]:
    """What is kept of one rehearsal."""
    outcome = await rehearse(order)
    timeline = [event._asdict() for event in outcome.events]
    waiting = [cause.subject for cause in outcome.causes]
    return {
        "word": outcome.word, "times": _played(outcome.times), "seen": milestones(timeline), "waiting": waiting,
    }  # fmt: skip


async def compared(
    suites: Sequence[Suite], kubernetes: str, records: str, jobs: int, *, dns: bool = False
) -> list[Compared]:
    """Every act that both play, and what clusters did is known of; on loopback with the suites' DNS, or without."""
    before = _recorded(records)
    gate = asyncio.Semaphore(jobs)
    with tempfile.TemporaryDirectory() as folder:

        async def one(suite: Suite, number: int, order: Order) -> Compared | None:
            clusters = of_clusters(kubernetes, suite, number)
            if clusters is None:
                return None
            name = f"{suite.name} {number}"
            async with gate:
                record = before.get(name) or {"act": name, **await on_loopback(order)}
            if name not in before and records:
                _keep(records, record)
            side = Side(record["word"], record["times"], Milestones(*record["seen"]), tuple(record["waiting"]))
            print(f"{name}: clusters {clusters.word}, loopback {side.word}", file=sys.stderr, flush=True)
            return Compared(suite, number, clusters, side, more_on_clusters(suite, order, side.times))

        played = [
            one(suite, number, order._replace(dns=Dns(suite.ttl) if dns else None))
            for suite in suites
            for number, order in loopback.orders(suite, _made(os.path.join(folder, suite.name)), SHARED)
        ]
        return [item for item in await asyncio.gather(*played) if item is not None]


def _keep(path: str, record: dict[str, Any]) -> None:
    with open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")


def _made(folder: str) -> str:
    os.mkdir(folder)
    return folder


def _recorded(path: str) -> dict[str, dict[str, Any]]:
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as lines:
        return {record["act"]: record for record in map(json.loads, lines)}


def page(items: Sequence[Compared]) -> str:
    """The page."""
    differing = [item for item in items if item.clusters.word != item.loopback.word]
    lines = [_HEAD.format(scale=20, kubelet=KUBELET, starts=STARTS, election=ELECTION)]
    lines.append(
        f"{len(items)} scenarios: {len(items) - len(differing)} with equal verdicts, "
        f"{sum(item.same_order for item in items)} in the same order, {sum(item.in_time for item in items)} within the "
        "time that the scale explains.\n"
    )
    lines.append(
        "| Suite | Scenario | Verdict: clusters, loopback | Order: clusters, loopback "
        "| Seconds: clusters, loopback, up to |"
    )
    lines.append("| --- | --- | --- | --- | --- |")
    lines += map(_row, items)
    acts = (act for suite in SUITES for act in suite.acts if act.name not in WALKS)  # docs/plan-runs.md has plans
    alone = dict.fromkeys(act.name for act in acts if loopback.scenario_of(act) is None)
    lines.append(
        f"\nOnly on clusters, because loopback has nothing to play them with: {', '.join(alone)}. Only on loopback: "
        "cut-off, late-balancer.\n"
    )
    return "\n".join(lines)


def _row(item: Compared) -> str:
    clusters, here = item.clusters, item.loopback
    verdict = f"{clusters.word}, {here.word}" if clusters.word != here.word else f"{here.word}, both"
    orders = f"{clusters.order}; {here.order}"
    times = "; ".join(
        f"{phase.name}: {phase.clusters:.0f}, {phase.loopback:.0f}, {phase.most:.0f}" for phase in item.phases
    )
    shown = [
        verdict if clusters.word == here.word else f"**{verdict}**",
        orders if item.same_order else f"**{orders}**",
        (times if item.in_time else f"**{times}**") or "-",
    ]
    return f"| {item.suite.name} | {item.act.name} | {' | '.join(shown)} |"


def main(arguments: Sequence[str]) -> int:
    """Rehearse, compare, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("suites", nargs="*", help="only these suites, and print the page")
    parser.add_argument("--kubernetes", default=os.path.join(ROOT, "build", "kubernetes"))
    parser.add_argument("--records", default="")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--dns", action="store_true", help="rehearse with DNS, and print the page")
    options = parser.parse_args(arguments)
    os.environ["NATSVALUES_TOOLS"] = binaries.tools()
    suites = [named(name) for name in options.suites] or SUITES
    for version in sorted({item.server for suite in suites for item in (suite, *suite.acts) if item.server}):
        binaries.fetch(f"nats-server@{version}")
    items = asyncio.run(compared(suites, options.kubernetes, options.records, options.jobs, dns=options.dns))
    text = page(items)
    if options.suites or options.dns:
        print(text)
    else:
        with open(PAGE, "w", encoding="utf-8") as file:
            file.write(text)
    return 1 if any(item.clusters.word != item.loopback.word for item in items) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
