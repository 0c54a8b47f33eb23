"""Walk a plan on real clusters, as a person does it: call `natsvalues plan`, run what it prints, and call it again.

    plan_acts.py ACT SUITE CHART    # in the network between the nodes; started by playing.py

Every call of `plan` is a new process, which knows nothing of the steps before. The commands run exactly as printed:
helm, kubectl and nats are real. Publishers write to streams of all kinds (natsvalues/rehearsal/plan_streams.py) all the
while, except from where a step says to stop publishing until its streams are restored. Printed is the outcome as
`rehearse -o json` has it.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path += [HERE, os.path.dirname(HERE), os.path.join(ROOT, "tests")]

from acts import take_release  # noqa: E402 - scripts are no package
from inputs import address  # noqa: E402 - same
from plan_walks import BEFORE, SYSTEM, WALKS, Walk  # noqa: E402 - same
from suites import NAMESPACE, RELEASE, named  # noqa: E402 - same

from natsvalues.rehearsal.causes import Why  # noqa: E402 - same
from natsvalues.rehearsal.outcome import Cause, Site, StepDone  # noqa: E402 - same
from natsvalues.rehearsal.plan_ledger import PlanLedger  # noqa: E402 - same
from natsvalues.rehearsal.reading import read_rendering  # noqa: E402 - same
from natsvalues.rehearsal.run import Bounds, OnClusters, Order, rehearse  # noqa: E402 - same
from natsvalues.rehearsal.scenarios import SCENARIOS, Scenario  # noqa: E402 - same
from natsvalues.rehearsal.stage import Stage, Step, Stuck  # noqa: E402 - same
from natsvalues.report.rehearsal_json import document  # noqa: E402 - same
from natsvalues.runbook.checking import backups_in  # noqa: E402 - same

if TYPE_CHECKING:
    from suites import Suite

    from natsvalues.rehearsal.cluster_stage import ClusterStage

LIMIT = 2400.0
PATIENCE = 240.0
"""Seconds until the preconditions of the next step hold."""
_AGAIN = 2.0
_COMMAND = 900.0
_MOST = 3
"""How often the same step may be planned."""
_GATE = 4
"""What `plan --check` exits with while a precondition does not hold."""
_ELSEWHERE = "# from a pod"
"""In the commands of checks that are not run where the others are."""
_PLACED = re.compile(r"(stream|kv) edit (\S+) --cluster (\S+)")
CLIENTS = 20
"""The last number of the address at which a region's servers accept clients."""


class Follower:
    """Someone who follows the plan on a stage."""

    def __init__(self, stage: ClusterStage, walk: Walk, suite: Suite, chart: str) -> None:
        self.stage, self.walk, self.suite, self.chart = stage, walk, suite, chart
        self.ledger = PlanLedger(stage.world, in_memory=walk.in_memory)
        stage.ledger = self.ledger
        self.installed = set(walk.there)
        self.emptied: set[str] = set()
        self.made: list[str] = []
        self.has_skipped = False

    async def go(self) -> None:
        """Walk to the end, and check every message and consumer. Raises Stuck."""
        await self._begin()
        while (following := await self._following()) is not None:
            await self._follow(following)
        for region in self.walk.goal.regions:
            wanted, servers = self.walk.goal.servers.get(region, 3), self.stage.world.renderings[region].replicas
            if servers != wanted:
                raise _stuck("natsvalues plan", f"{wanted} servers in {region}", f"there are {servers}, and no step")
        self.stage.phase("at the end")
        await self.stage.converged()
        await Stage.check(self.stage)
        await self._remove_streams()

    async def _begin(self) -> None:
        self.stage.phase("beginning")
        for region in self.suite.regions:
            service = json.dumps(_clients(region, self.suite))
            await self._require(f"kubectl --context={region} apply -f - <<'END'\n{service}\nEND")
            url = f"nats://{_address(region, self.suite)}:4222"
            await self._require(f"nats context save {region} --server {url}")
            await self._require(f"nats context save {region}-sys --server {url} --user {SYSTEM} --password {SYSTEM}")
        if self.walk.by != "walk":
            for region in self.walk.there:
                files = f"-f values-{region}.yaml -f before-{region}.yaml"
                where = f"--kube-context {region} --namespace {NAMESPACE}"
                if self.walk.by == "joined":
                    files += f" --post-renderer natsvalues --post-renderer-args=--region={region}"
                    files += f" --post-renderer-args=--overlays={BEFORE}"
                await self._require(f"helm install {RELEASE} {self.chart} {files} {where}")
        for region in self.walk.there:
            await take_release(self.stage, region)
        if self.walk.there:
            await self.stage.converged()
            await self.stage.make_streams()
            self.ledger.publish_to()

    # --- the plan ----------------------------------------------------------------------------------------------

    async def _plan(self, *words: str) -> tuple[int, dict[str, Any]]:
        """The plan as JSON, and its exit code. Raises Stuck where there is none."""
        contexts = ",".join(f"{region}={region}" for region in self.suite.regions)
        command = [
            "natsvalues", "plan", f"--contexts={contexts}", f"--namespace={NAMESPACE}", f"--chart={self.chart}",
            "--values=values-{region}.yaml", *(f"--emptied={region}" for region in sorted(self.emptied)),
            "--output=json", *words,
        ]  # fmt: skip
        end = time.monotonic() + PATIENCE
        while True:
            process = await asyncio.create_subprocess_exec(
                *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )  # fmt: skip
            output, error = await process.communicate()
            if process.returncode in (0, _GATE):
                return process.returncode, json.loads(output)
            if output or time.monotonic() > end:  # refused; else an API server did not answer
                raise _stuck("natsvalues plan", " ".join(words), output.decode()[-900:] + error.decode()[-900:])
            self.stage.world.note(f"plan was called again: {error.decode().splitlines()[0]}")
            await asyncio.sleep(_AGAIN)

    async def _following(self) -> dict[str, Any] | None:
        """The next step, once its preconditions hold, with its edits made; None if nothing is left. Raises Stuck."""
        end = time.monotonic() + PATIENCE
        while True:
            code, plan = await self._plan("--next", "--check")
            if not plan["steps"]:
                return None
            if not code:
                break
            if time.monotonic() > end:
                wrong = [f"{item['text']} ({item['seen']})" for item in plan["steps"][0]["before"] if not item["holds"]]
                raise _stuck(f"step {plan['steps'][0]['id']}", "its preconditions", "; ".join(wrong))
            self.stage.watch_elections()
            await asyncio.sleep(_AGAIN)
        _, plan = await self._plan("--write")
        step = plan["steps"][0]
        if self.walk.is_careless and not self.has_skipped and step["way"] == "join":
            self.has_skipped = True
            await self._skip(step, plan["steps"][1])
            return await self._following()
        return step

    async def _skip(self, step: dict[str, Any], later: dict[str, Any]) -> None:
        """Run the commands of a later step instead: the plan must name the one that is left out. Raises Stuck."""
        codes = [(await self._run(command))[0] for command in later["commands"]]
        _, plan = await self._plan("--next")
        if [item["id"] for item in plan["steps"]] != [step["id"]]:
            raise _stuck("natsvalues plan", f"the step {step['id']}, which was left out", str(plan["steps"])[:900])
        words = f"{later['id']} before {step['id']}, which was the next step again: exit codes {codes}"
        self.stage.world.note(words)
        self.installed.add(later["region"])
        await take_release(self.stage, later["region"])

    async def _follow(self, step: dict[str, Any]) -> None:
        region, name = step["region"], f"{step['id']}: {step['title']}"
        if self.made.count(name) >= _MOST:
            raise _stuck(name, "its end", f"it was made {_MOST} times")
        self.stage.phase(name)
        began = time.monotonic()
        if "stop publishing" in step["title"]:
            await self.ledger.stop_publishing(region)
        for _ in range(2 if self.walk.is_careless else 1):
            for command in step["commands"]:
                code, text = await self._run(command)
                if code:  # as docs/plan.md says of a step that was broken off: plan is called again
                    self.made.append(name)
                    self.stage.world.note(f"{name} was broken off: {' '.join(text.split())[-200:]}")
                    return
        await self._look(step)
        await self._done(step)
        self.made.append(name)
        seconds = round(time.monotonic() - began, 1)
        self.stage.times[name] = seconds
        self.stage.done.append(StepDone(step["id"], step["way"], region, step["title"], seconds))
        print(f"{name}: {seconds} s", file=sys.stderr, flush=True)

    async def _look(self, step: dict[str, Any]) -> None:
        """Run the commands that show what must hold after a step, until each ends well. Raises Stuck."""
        end = time.monotonic() + PATIENCE
        for check in step["after"]:
            command = check["command"]
            while _ELSEWHERE not in command and (shown := await self._run(command, quiet=True))[0]:
                if time.monotonic() > end:
                    raise _stuck(command, check["text"], f"{shown[0]}: {shown[1][-900:]}")
                await asyncio.sleep(_AGAIN)

    async def _done(self, step: dict[str, Any]) -> None:
        """What whoever follows knows after a step: what is installed now, and where publishers go on."""
        region, commands = step["region"], " ".join(step["commands"])
        if "helm uninstall" in commands:
            kept = backups_in(os.path.join("backups", region))
            self.ledger.leave(region, {name: backup.messages for name, backup in kept.items()})
            await self.ledger.stop_publishing(region)
            self.stage.world.regions.pop(region)
            await self.stage.world.take({})
            self.installed.discard(region)
        elif "helm upgrade" in commands:
            self.installed.add(region)
            await take_release(self.stage, region)
        placed = [(f"KV_{name}" if kind == "kv" else name, to) for kind, name, to in _PLACED.findall(commands)]
        for to in {cluster for _, cluster in placed}:
            await self.ledger.move([name for name, cluster in placed if cluster == to], to)
        if "delete pvc" in commands and step["way"] == "empty":
            self.emptied.add(region)
            alone = {name: leader for name, leader in self.stage.elections.alone.items() if name != region}
            self.stage.elections = self.stage.elections._replace(alone=alone)  # its stores have elected nobody yet
        if step["way"] == "join":
            self.emptied.discard(region)
        if "stream restore" in commands:
            self.ledger.publish_to(region)
        await self.stage.make_streams_where_healthy()
        for name in self.installed:
            if not self.ledger.is_paused(name):
                self.ledger.publish_to(name)
        self.stage.world.fresh = False

    # --- commands ----------------------------------------------------------------------------------------------

    async def _require(self, command: str) -> None:
        code, text = await self._run(command)
        if code:
            raise _stuck(command, "exit code 0", f"{code}: {text[-900:]}")

    async def _run(self, command: str, *, quiet: bool = False) -> tuple[int, str]:
        self.stage.world.tell("log", "command", command)
        process = await asyncio.create_subprocess_exec(
            "bash", "-c", command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        try:
            async with asyncio.timeout(_COMMAND):
                output, _ = await process.communicate()
        except TimeoutError:
            process.kill()
            return 124, f"it did not end within {_COMMAND:g} s"
        text = f"exit code {process.returncode}\n" if quiet else output.decode(errors="replace")
        print(f"$ {command}\n{text}", file=sys.stderr, flush=True)
        return process.returncode or 0, output.decode(errors="replace")

    async def _remove_streams(self) -> None:
        """So that the next walk of the suite begins with streams of its own."""
        for name, region in self.ledger.homes.items():
            client = await self.ledger.connected(region) if name not in self.ledger.away else None
            if client is not None:
                await client.remove(name)
                await client.close()


def _stuck(subject: str, waits_for: str, seen: str) -> Stuck:
    return Stuck(Why((Cause(subject, waits_for, seen),), "", is_ring=True))


def _address(region: str, suite: Suite) -> str:
    return address(suite.regions.index(region) + 1).rpartition(".")[0] + f".{CLIENTS}"


def _clients(region: str, suite: Suite) -> dict[str, Any]:
    """A load balancer for clients, as an administrator has it beside the release."""
    annotations = {"metallb.io/loadBalancerIPs": _address(region, suite)}
    return {
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": "nats-clients", "namespace": NAMESPACE, "annotations": annotations},
        "spec": {
            "type": "LoadBalancer", "ports": [{"name": "nats", "port": 4222}],
            "selector": {"app.kubernetes.io/component": "nats", "app.kubernetes.io/instance": RELEASE},
        },
    }  # fmt: skip


def main(act: str, suite_name: str, chart: str) -> int:
    """Walk, and print the outcome."""
    suite, walk = named(suite_name), WALKS[act]
    followers: list[Follower] = []

    async def run(stage: ClusterStage) -> None:
        followers.append(Follower(stage, walk, suite, chart))
        await followers[0].go()

    SCENARIOS[act] = Scenario(act, walk.title, run)
    texts = {region: _template(chart, f"values-{region}.yaml") for region in suite.regions}
    expected = Step("", {region: read_rendering(text, region) for region, text in texts.items()})
    sites = {region: Site(region, NAMESPACE, RELEASE) for region in suite.regions}
    on = OnClusters(sites, None, None)
    outcome = asyncio.run(rehearse(Order(act, (expected,), 1.0, on=on, bounds=Bounds(seconds=LIMIT))))
    outcome = outcome._replace(gap=round(followers[0].ledger.gap, 1))
    print(json.dumps(document([outcome])))
    return 0


def _template(chart: str, values: str) -> str:
    words = ["helm", "template", RELEASE, chart, "-f", values]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
