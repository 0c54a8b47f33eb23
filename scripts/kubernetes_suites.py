"""Play the suites of scripts/kubernetes/suites.py on real clusters, and write docs/kubernetes.md.

    python scripts/kubernetes_suites.py                 # all of them, about an hour; then the page
    python scripts/kubernetes_suites.py promise walk    # some, without the page
    python scripts/kubernetes_suites.py --page          # only the page: what the last runs left; its rest stays

What an act leaves (JSON and a timeline as SVG) is in build/kubernetes.
"""

from __future__ import annotations

import glob
import json
import os
import re
import shutil
import sys
import tempfile
from typing import TYPE_CHECKING, Any

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path += [HERE, os.path.join(HERE, "kubernetes")]

import cluster_build  # noqa: E402 - scripts are no package
import parts  # noqa: E402 - same
import tool_builds  # noqa: E402 - same
from go_build import BuildError  # noqa: E402 - same
from inputs import charts_of  # noqa: E402 - same
from keeping import KeepingError  # noqa: E402 - same
from plan_walks import WALKS  # noqa: E402 - same
from playing import PlayError, play, word_of  # noqa: E402 - same
from suites import SUITES, UNSET, Act, Suite, named  # noqa: E402 - same

from natsvalues.rehearsal.outcome import Cause  # noqa: E402 - same
from natsvalues.report.rehearsal_text import chain  # noqa: E402 - same

if TYPE_CHECKING:
    from collections.abc import Sequence

BUILD = os.path.join(ROOT, "build", "kubernetes")
PAGE = os.path.join(ROOT, "docs", "kubernetes.md")
SHARED = os.environ.get("NATSVALUES_SHARED") or os.path.join(ROOT, "..", "shared")
PICTURES = {
    "stuck": ("deadlock", 3),
    "cured": ("deadlock", 5),
    "rescue": ("deadlock", 4),
    "power-cut": ("power-cuts", 2),
}
"""Timelines that the page shows: their files' endings, and whose they are."""

_HEAD = """# On real Kubernetes

<!-- Written by scripts/kubernetes_suites.py from a run: change that. -->

Every row is one scenario on real clusters: etcd, API server, controllers, scheduler, kubelet and kube-proxy {version}
with containerd and runc, one cluster of one node for each region, joined by a network of their own, on one machine.
Load balancers and volumes are given by a small controller; CoreDNS keeps an answer for 30 s, as in many clusters. The
servers are real, and so are helm and `natsvalues rehearse --contexts`, which counts streams and acknowledged messages
as [rehearsals](rehearse.md) do: each region has a stream with three replicas, and publishing goes on where servers or
nodes go away one by one.

The suites `plan…` follow [`natsvalues plan`](plan.md) as a person does: plan is called, its edits are written, the
commands run exactly as they are printed (helm, kubectl, and the nats CLI {nats}), then those of the checks after the
step, and plan is called again, as a new process that knows nothing of the steps before, until nothing is left.
Clients publish all the while to streams of all kinds ([which](plan-runs.md)), except from where a step says to stop
until its streams are restored. At the end every acknowledged message must be there, and consumers where they were.
The gap is the longest time in which one stream acknowledged nothing; a stream with one replica is away as long as its
pod is.

    python scripts/kubernetes_suites.py          # all of it again
    python scripts/kubernetes_suites.py promise  # the part that CI runs

## The deadlock, and the cure

The chart alone, with gateways written by hand and a load balancer that sends to ready pods. All pods were deleted at
once:

![Stuck: no pod becomes ready, no load balancer has a backend](kubernetes-stuck.svg)

```text
{chain}
```

`helm upgrade` with natsvalues as the post-renderer, and nothing else:

![The upgrade makes it whole](kubernetes-rescue.svg)

From then on, a cold start of all regions:

![Cured: gateways connect, a leader is elected, all pods are ready](kubernetes-cured.svg)

A power cut: everything on all nodes is killed at once, and starts from the disks. Each node's volumes are a file system
of their own, and what was not written to it yet is gone. The overlays have `jetstream.sync: always`, but where a suite
says otherwise:

![After a power cut](kubernetes-power-cut.svg)
"""


def main(words: Sequence[str]) -> int:
    """Play, and report."""
    if list(words) == ["--page"]:
        return _write_page()
    suites = [named(word) for word in words] or list(SUITES)
    built = parts.build()
    failed = []
    for suite in suites:
        try:
            failed += _played(suite, built)
        except (PlayError, KeepingError) as error:
            print(error, file=sys.stderr)
            failed.append(suite.name)
    print(f"not as expected: {', '.join(failed)}" if failed else "all as expected")
    if not words:
        _write_page()
    return 1 if failed else 0


def _played(suite: Suite, built: parts.Parts) -> list[str]:
    """The acts of a suite that did not have the verdict they must have."""
    for path in glob.glob(os.path.join(BUILD, f"{suite.name}-[0-9]*")):
        os.remove(path)
    os.makedirs(BUILD, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        charts = charts_of(suite, folder, SHARED)
        if charts is None:
            print(f"{suite.name}: not in this clone: {', '.join(suite.charts)}", file=sys.stderr)
            return []
        return [f"{suite.name}: {item.act.name}" for item in play(suite, charts, BUILD, built) if not item.is_expected]


def _write_page() -> int:
    head, before = _page()
    stuck = _scenario(named(PICTURES["stuck"][0]), PICTURES["stuck"][1])
    causes = tuple(Cause(**cause) for cause in stuck.get("causes", ()))
    made = {"version": cluster_build.version(), "nats": tool_builds.named("nats").version}
    lines = [_HEAD.format(**made, chain="\n".join(chain(causes))) if stuck else head]
    for suite in SUITES:
        lines += _section(suite) or before.get(suite.name, [])
    for ending, (suite_name, number) in PICTURES.items():
        for path in glob.glob(os.path.join(BUILD, f"{suite_name}-{number}-*.svg")):
            shutil.copyfile(path, os.path.join(ROOT, "docs", f"kubernetes-{ending}.svg"))
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write("\n".join(lines))
    return 0


def _page() -> tuple[str, dict[str, list[str]]]:
    """The page as it is: what comes before the suites, and the lines of each suite's section."""
    names = "|".join(re.escape(suite.name) for suite in SUITES)
    with open(PAGE, encoding="utf-8") as file:
        head, *sections = re.split(rf"^(?=## (?:{names}): )", file.read(), flags=re.MULTILINE)
    lines = {text[3:].partition(":")[0]: [*text.rstrip("\n").split("\n"), ""] for text in sections}
    return head.removesuffix("\n"), lines


def _section(suite: Suite) -> list[str]:
    one = "one meta group" if suite.scope == "supercluster" else "a meta group in each region"
    lines = [
        f"## {suite.name}: {suite.summary}\n",
        f"{len(suite.regions)} regions of three servers, nats-server {suite.server}, Helm {suite.helm}, {one}.\n",
        "| Scenario | Verdict | Seconds until all is well | Streams | Acknowledged messages | Restarts of containers |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    if suite.acts[0].name in WALKS:
        lines[2:] = [
            "| From | Verdict | Steps, with their seconds | Acknowledged messages | Longest gap | Seen |",
            "| --- | --- | --- | --- | --- | --- |",
        ]
    played = [(act, _scenario(suite, number)) for number, act in enumerate(suite.acts, 1)]
    row = _walked if suite.acts[0].name in WALKS else _row
    rows = [row(act, scenario) for act, scenario in played if scenario]
    return [*lines, *rows, ""] if rows else []


def _scenario(suite: Suite, number: int) -> dict[str, Any]:
    """What the last run of an act left, as `rehearse -o json` prints a scenario; empty if there was none."""
    path = os.path.join(BUILD, f"{suite.name}-{number}-{suite.acts[number - 1].name}.json")
    if not os.path.isfile(path):
        return {}
    with open(path, encoding="utf-8") as file:
        scenario: dict[str, Any] = json.load(file)["scenarios"][0]
    return scenario


def _row(act: Act, scenario: dict[str, Any]) -> str:
    phases = {name: seconds for name, seconds in scenario["times"].items() if name != "warm-up"}
    times = "; ".join(f"{name}: {seconds:.0f}" for name, seconds in phases.items()) or _watched(scenario)
    streams = scenario["streams"]
    kept = sum(stream["fate"] == "kept" for stream in streams)
    messages = scenario["messages"]
    counted = f"{messages['acknowledged']}, {messages['lost']} lost" if streams else "-"
    restarts = sum(pod["restarts"] for pod in scenario["pods"])
    many = f"{kept} of {len(streams)} whole" if streams else "-"
    version = f" to {', '.join(filter(None, (act.chart, act.server)))}" if act.server else ""
    version += ", without `sync`" if act.sync == UNSET else ""
    return f"| {act.name}{version} | {word_of(scenario)} | {times} | {many} | {counted} | {restarts} |"


def _walked(act: Act, scenario: dict[str, Any]) -> str:
    """A plan that was followed: its steps, and what came of it; a loss is what the streams lack at the end."""
    steps = "; ".join(f"{step['id']}: {step['seconds']:.0f}" for step in scenario["steps"])
    messages = scenario["messages"]
    is_kept = not messages["lost"] and all(stream["fate"] == "kept" for stream in scenario["streams"])
    word = "stuck" if scenario["verdict"] == "stuck" else "converged" if is_kept else "lossy"
    causes = scenario["causes"] if word != "converged" else []
    seen = "; ".join([*scenario["notes"], *(f"{item['subject']}: {item['seen']}" for item in causes)])
    cells = [
        WALKS[act.name].title, word, f"{len(scenario['steps'])}: {steps}",
        f"{messages['acknowledged']}, {messages['lost']} lost", f"{scenario['gap']:g} s", seen or "-",
    ]  # fmt: skip
    return f"| {' | '.join(' '.join(cell.replace('|', '&#124;').split()) for cell in cells)} |"


def _watched(scenario: dict[str, Any]) -> str:
    """How long a scenario that is stuck was watched in its last phase."""
    seconds = [event["seconds"] for event in scenario["timeline"] if event["kind"] == "phase"]
    return f"{scenario['phase']}: not within {seconds[-1] - seconds[-2]:.0f}" if len(seconds) > 1 else "-"


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (parts.NoNodeError, BuildError) as error:
        sys.exit(f"kubernetes: {error}")
