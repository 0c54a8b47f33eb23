"""Fixtures of the rehearsals: renderings made by real helm, and `natsvalues rehearse` as a person runs it."""

import asyncio
import contextlib
import json
import os
from typing import NamedTuple

import pytest

from natsvalues.outside.loopback import Claim
from natsvalues.rehearsal.world import World

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Rehearsed(NamedTuple):
    """What `natsvalues rehearse` did: its exit code, its report, what it said on standard error."""

    code: int
    report: dict
    err: str

    @property
    def scenario(self) -> dict:
        """The only scenario."""
        (found,) = self.report["scenarios"]
        return found

    def told(self) -> str:
        """What a failed test should show."""
        found = {name: self.report.get(name) for name in ("verdict", "lossy")}
        for scenario in self.report.get("scenarios", ()):
            kept = (
                "scenario",
                "verdict",
                "lossy",
                "phase",
                "times",
                "causes",
                "remedy",
                "notes",
                "streams",
                "meta_groups",
            )
            found[scenario["scenario"]] = {name: scenario[name] for name in kept}
        return json.dumps(found, indent=1) + self.err


@pytest.fixture(scope="session")
def cases(load_module):
    """Return the script that makes renderings, as a module."""
    return load_module(os.path.join(os.path.dirname(TESTS), "scripts", "rehearsal_cases.py"))


@pytest.fixture(scope="session")
def renderer(cases, helm3, nats_chart):
    """Return helm and our stand-in chart."""
    return cases.Renderer(helm3, nats_chart)


@pytest.fixture
def tools(binaries, nats_server) -> dict[str, str]:
    """Return the environment in which a rehearsal finds the pinned servers of this test run."""
    nats_server("2.14.2")
    return {"NATSVALUES_TOOLS": binaries.tools()}


async def until(holds, seconds=60):
    """Wait for a condition."""
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110   # servers are polled
            await asyncio.sleep(0.05)


@pytest.fixture
def on_loopback(tools, tmp_path, monkeypatch):
    """Give `trial(world, until)` a world with these renderings: `on_loopback({"us-east": rendering}, trial)`.

    `prepare(world)` is called before anything is in it.
    """
    monkeypatch.setenv("NATSVALUES_TOOLS", tools["NATSVALUES_TOOLS"])

    def call(renderings, trial, scale=20.0, prepare=lambda _: None):
        async def whole(net):
            world = World(tuple(renderings), str(tmp_path), net, scale)
            prepare(world)
            try:
                await world.take(renderings)
                return await trial(world, until)
            finally:
                await world.close()

        with contextlib.closing(Claim()) as claim:
            return asyncio.run(whole(claim.net))

    return call


@pytest.fixture
def rehearse(run, tools, nats_server):
    """Run `natsvalues rehearse … -o json`: `rehearse(folder, "cold-restart", "--expect", "stuck")`."""

    def call(folder, scenario, *arguments, versions=("2.14.2",)):
        for version in versions:
            nats_server(version)
        words = ["rehearse", *([folder] if folder else []), "--scenario", scenario, "-o", "json", "--limit", "150"]
        done = run("natsvalues", *words, *arguments, env=tools, timeout=280)
        return Rehearsed(done.returncode, json.loads(done.stdout) if done.stdout else {}, done.stderr)

    return call


@pytest.fixture
def stock_folder(cases, renderer, tmp_path):
    """Write the chart's own renderings: `stock_folder("2.14.2", "us-east", "eu-west", settings=…)`."""

    def write(version, *regions, settings=()):
        return cases.write_renderings(str(tmp_path / "stock"), cases.stock(renderer, version, regions, *settings))

    return write


@pytest.fixture
def our_folder(cases, renderer, tmp_path):
    """Write post-rendered releases: `our_folder("2.14.2", "us-east", "eu-west", scope="region")`."""

    def write(version, *regions, scope="supercluster", stages=None):
        overlays = str(tmp_path / "overlays")
        cases.write_overlays(overlays, regions, scope, stages)
        return cases.write_renderings(str(tmp_path / "ours"), cases.ours(renderer, version, overlays))

    return write
