"""Compare natsvalues with nats-server on random configurations: both refuse one, or neither.

`python scripts/check_configurations.py` asks every pinned version with `nats-server -t` about the same configurations
and prints, for each version, how many were accepted and refused, and where the two differ. `--count 20000` asks about
more, `--version 2.14.2` asks one version, `--seed 7` is one configuration, with both answers.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(ROOT, "scripts"), ROOT]

import binaries  # noqa: E402 - the path first
from configurations.random_ones import configuration  # noqa: E402

from natsvalues.manifests.conf.check import faults  # noqa: E402
from natsvalues.manifests.conf.demands import unmet  # noqa: E402
from natsvalues.manifests.conf.usual import CommandLine  # noqa: E402
from natsvalues.manifests.server import UNKNOWN, parse_version  # noqa: E402
from natsvalues.text.natsconf import read, value  # noqa: E402

VERSIONS = tuple(name.partition("@")[2] for name in binaries.PINS if name.startswith("nats-server@"))
SECONDS = 60


class Answer(NamedTuple):
    """What the server and natsvalues say of one configuration; empty where it is accepted."""

    seed: int
    version: str
    server: str
    ours: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Whether both accept it, or both refuse it."""
        return bool(self.server) == bool(self.ours)


def of_seed(seed: int) -> dict[str, Any]:
    """The configuration of a seed."""
    return configuration(random.Random(seed))  # noqa: S311 - not for secrets


def ask(seed: int, version: str, folder: str) -> Answer:
    """Ask a server and natsvalues."""
    path = os.path.join(folder, f"{seed}-{version}.conf")
    text = json.dumps(of_seed(seed), indent=1).replace('"DIR"', json.dumps(folder))
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    command = [binaries.fetch(f"nats-server@{version}"), "-t", "-c", path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False, env={})
    os.remove(path)
    words = done.stderr.replace(path, "").strip() if done.returncode else ""
    return Answer(seed, version, words, said(text, version))


def said(text: str, version: str) -> tuple[str, ...]:
    """Why natsvalues expects `nats-server -t` to refuse a configuration."""
    conf, known = value(read(text)), parse_version(version) or UNKNOWN
    found = [*faults(conf, known), *unmet(conf, known, CommandLine(jetstream=False))]
    return tuple(fault.message for fault in found if fault.by in ("parser", "test"))


def answers(seeds: list[int], versions: list[str]) -> list[Answer]:
    """The answers of all versions to all seeds."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(lambda case: ask(*case, folder), [(seed, name) for seed in seeds for name in versions]))


def main() -> int:
    """Ask, print, and say by the exit code whether all agree."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--from", type=int, default=0, dest="first")
    parser.add_argument("--version", choices=VERSIONS, action="append")
    parser.add_argument("--seed", type=int)
    given = parser.parse_args()
    versions = given.version or list(VERSIONS)
    if given.seed is not None:
        print(json.dumps(of_seed(given.seed), indent=1))
        for answer in answers([given.seed], versions):
            print(f"{answer.version}\n  server: {answer.server or 'accepts it'}")
            print(f"  natsvalues: {answer.ours or 'accepts it'}")
        return 0
    wrong = 0
    for version in versions:
        listed = answers(list(range(given.first, given.first + given.count)), [version])
        differ = [answer for answer in listed if not answer.agrees]
        refused = sum(bool(answer.server) for answer in listed)
        wrong += len(differ)
        print(f"{version}: {len(listed) - refused} accepted, {refused} refused, {len(differ)} differ", flush=True)
        for answer in differ:
            print(f"  --seed {answer.seed}: server {answer.server[:200]!r}, natsvalues {answer.ours[:2]!r}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
