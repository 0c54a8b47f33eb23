"""Seed faults into two real regions, let `natsvalues doctor` look, and write docs/doctor-faults.md.

    python scripts/doctor_faults.py                 # all of them, about an hour; then the page
    python scripts/doctor_faults.py "a server hangs" "the image cannot be pulled"   # some, without the page
    python scripts/doctor_faults.py "three regions"

For each fault: doctor must name it, in its region, in a look of less than thirty seconds, and blame nothing else. It is
judged from what `collect` wrote, as every report is. Between two faults everything is as it was, and doctor is silent.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from typing import TYPE_CHECKING, Any, NamedTuple

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path += [HERE, os.path.join(HERE, "kubernetes")]

import cluster_build  # noqa: E402 - scripts are no package
import parts  # noqa: E402 - same
from doctor_faults_list import DNS_FAULTS, EAST, FAULTS, WEST, Fault, Seeding  # noqa: E402 - same
from inputs import address, charts_of, host  # noqa: E402 - same
from keeping import KeepingError  # noqa: E402 - same
from playing import PlayError, Stage, play  # noqa: E402 - same
from regions import Names  # noqa: E402 - same
from suites import NAMESPACE, Act, Suite  # noqa: E402 - same

from natsvalues.doctor.examination import examine  # noqa: E402 - same
from natsvalues.report.bundle import read_bundle  # noqa: E402 - same
from natsvalues.report.doctor_json import doctor_json  # noqa: E402 - same

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PAGE = os.path.join(ROOT, "docs", "doctor-faults.md")
BUILD = os.path.join(ROOT, "build", "doctor")
SUITE = Suite("doctor", "what doctor looks at", (Act("first-install"),), tls=True)
STUCK = Suite("doctor-stuck", "a cold start that waits for itself", (Act("plain-install", "stuck", installs=False),))
THREE = SUITE._replace(name="doctor-three", regions=(EAST, WEST, "ap-south"))
THREE_FAULTS = ("the load balancer gets no address", "the certificate is for another name", "a server hangs")
"""What is seeded into one of three regions."""
APPEARS, SILENT, BOUND = 150.0, 300.0, 30.0
"""Seconds until a fault has its effect, until nothing is left of it, and that one look may take."""


class Look(NamedTuple):
    """What doctor said: its JSON, how long it took, and whether its bundle is free of private keys."""

    report: dict[str, Any]
    seconds: float
    is_free: bool

    def rules(self, *severities: str) -> set[str]:
        """The rules of the findings."""
        return {item["rule"] for item in self.report["findings"] if not severities or item["severity"] in severities}


class Verdict(NamedTuple):
    """How doctor judged a fault: `named` and `blamed` are rules, times are in seconds."""

    fault: str
    named: tuple[str, ...]
    parts: tuple[str, ...]
    blamed: tuple[str, ...]
    look: float
    message: str
    where: str
    is_free: bool

    @property
    def is_right(self) -> bool:
        """Whether the fault was named, in time, and nothing else."""
        return bool(self.named) and not self.blamed and self.look <= BOUND and self.is_free


def look(stage: Stage) -> Look:
    """Let doctor look once, as a person does; and judge its bundle."""
    contexts = ",".join(f"{region}={region}" for region in stage.suite.regions)
    bundle = os.path.join(stage.folder, "bundle.json")
    words = ["doctor", "collect", bundle, f"--contexts={contexts}", f"--namespace={NAMESPACE}"]
    begun = time.monotonic()
    done = subprocess.run(
        stage.regions.operator(sys.executable, "-m", "natsvalues", *words),
        capture_output=True, text=True, check=False, timeout=120, env=stage.environment(), cwd=ROOT,
    )  # fmt: skip
    if done.returncode:
        raise PlayError(f"doctor: exit code {done.returncode}\n{done.stderr}")
    with open(bundle, encoding="utf-8") as file:
        text = file.read()
    report = json.loads(doctor_json(examine(read_bundle(text, bundle))))
    return Look(report, time.monotonic() - begun, "PRIVATE KEY" not in text)


def wait_silent(stage: Stage) -> None:
    """Wait until doctor has nothing to say. Raises PlayError if it goes on."""
    until = time.monotonic() + SILENT
    while (said := look(stage)).report["findings"] or said.report["following"]:
        if time.monotonic() > until:
            texts = [f"{item['rule']} {item['message']}" for item in said.report["findings"] + said.report["following"]]
            raise PlayError("doctor is not silent on healthy regions: " + "\n".join(texts))
        time.sleep(2)


def judged(stage: Stage, fault: Fault, seeding: Seeding) -> Verdict:
    """Seed a fault, and look until doctor names it, or its time is over."""
    for server in fault.servers:
        stage.load(server)
    fault.seed(seeding)
    until = time.monotonic() + APPEARS
    while not (said := look(stage)).rules() & set(fault.rules) and time.monotonic() < until:
        time.sleep(1)
    later = said
    if fault.restarts:  # what else comes of it is blamed on nothing else, either
        time.sleep(8)
        later = look(stage)
    named = tuple(rule for rule in fault.rules if rule in said.rules() | later.rules())
    first = next((item for item in said.report["findings"] if item["rule"] in fault.rules), None)
    known = {*fault.rules, *fault.parts}
    where = first["where"][0] if first is not None else {}
    return Verdict(
        fault.name, named, tuple(sorted((said.rules() | later.rules()) & known - set(named))),
        tuple(sorted((said.rules() | later.rules()) - known)), max(said.seconds, later.seconds),
        first["message"] if first is not None else "", f"{where.get('file')}: {where.get('field')}", said.is_free,
    )  # fmt: skip


def faults_on(stage: Stage, names: Sequence[str], note: Callable[[Verdict], None] | None = None) -> list[Verdict]:
    """Play the faults of these names, all without any; `note` gets each verdict at once."""
    hosts = {host(region): address(number) for number, region in enumerate(stage.suite.regions, 1)}
    seeding = Seeding(stage.regions, Names(hosts, stage.suite.ttl), stage.certificate)
    wait_silent(stage)
    verdicts = []
    for fault in FAULTS:
        if names and fault.name not in names:
            continue
        begun = time.monotonic()
        verdict = judged(stage, fault, seeding)
        verdicts.append(verdict)
        if note is not None:
            note(verdict)
        word = "right" if verdict.is_right else f"WRONG: {verdict}"
        print(f"{fault.name}: {', '.join(verdict.named) or 'not named'} after {time.monotonic() - begun:.0f} s: {word}",
              file=sys.stderr, flush=True)  # fmt: skip
        seeding.undo(fault)
        if fault.seed in DNS_FAULTS:
            for region in (EAST, WEST):
                seeding.dns(region, seeding.names)
        wait_silent(stage)
    return verdicts


def three_on(stage: Stage) -> list[Verdict]:
    """Doctor is silent on three healthy regions, and names what is wrong with one of them."""
    verdicts = [verdict._replace(fault=_of_three(verdict.fault)) for verdict in faults_on(stage, THREE_FAULTS)]
    for verdict in verdicts:
        _write(verdict)
    return verdicts


def _of_three(fault: str) -> str:
    return f"{fault}, in one of three regions"


def _write(verdict: Verdict) -> None:
    os.makedirs(BUILD, exist_ok=True)
    name = "".join(letter if letter.isalnum() else "-" for letter in verdict.fault)
    with open(os.path.join(BUILD, f"{name}.json"), "w", encoding="utf-8") as file:
        json.dump(verdict._asdict(), file, indent=1)


def stuck_on(stage: Stage) -> Verdict:
    """What doctor says of a cold start that waits for itself."""
    said = look(stage)
    first = next((item for item in said.report["findings"] if item["rule"] == "DR401"), None)
    parts_ = ("LB001", "LB003", "PR001", "PR002", "PR008")
    blamed = said.rules("error") - {"DR401", *parts_}
    where = first["where"][0] if first is not None else {}
    return Verdict(
        "a cold start that waits for itself", ("DR401",) if first is not None else (),
        tuple(sorted(said.rules() & set(parts_))), tuple(sorted(blamed)), said.seconds,
        first["message"] if first is not None else "", f"{where.get('file')}: {where.get('field')}", said.is_free,
    )  # fmt: skip


def main(words: Sequence[str]) -> int:
    """Play, and write the page if everything was played."""
    if words == ["--page"]:
        return _write_page()
    built = parts.build()
    verdicts: list[Verdict] = []
    with tempfile.TemporaryDirectory() as folder:
        for suite in (STUCK, SUITE, THREE):
            charts = charts_of(suite, folder, None) or {}  # the stand-in for the chart is always there
            if suite is STUCK:
                if not words or stuck_name() in words:
                    play(suite, charts, BUILD, built, lambda stage: verdicts.append(stuck_on(stage)))
                    _write(verdicts[-1])
            elif suite is THREE:
                if not words or "three regions" in words:
                    play(suite, charts, BUILD, built, lambda stage: verdicts.extend(three_on(stage)))
            elif not words or set(words) - {stuck_name(), "three regions"}:
                play(suite, charts, BUILD, built, lambda stage: verdicts.extend(faults_on(stage, words, _write)))
    wrong = [verdict for verdict in verdicts if not verdict.is_right]
    for verdict in wrong:
        print(f"WRONG {verdict}", file=sys.stderr)
    return (_write_page() if not words else 0) or (1 if wrong else 0)


def stuck_name() -> str:
    """The name of the fault that has clusters of its own."""
    return "a cold start that waits for itself"


_HEAD = """# Faults that doctor names

<!-- Written by scripts/doctor_faults.py from a run: change that. -->

Each fault was seeded into two healthy regions on real clusters (Kubernetes {version}, nats-server {server}, TLS between
the gateways), `natsvalues doctor` looked, and everything was undone: then it was silent again. *Also* are rules about
the same fault; what merely follows from it is no finding, and nothing else was blamed. The last column is how long the
look took, on two busy cores. All were judged offline from what `doctor collect` wrote, which had no private key.

    python scripts/doctor_faults.py    # all of it again

| Fault | Named by | Also | Where | Says | Seconds |
| --- | --- | --- | --- | --- | --- |
"""


def _write_page() -> int:
    names = [*(fault.name for fault in FAULTS), stuck_name(), *map(_of_three, THREE_FAULTS)]
    rows = []
    for name in names:
        path = os.path.join(BUILD, "".join(letter if letter.isalnum() else "-" for letter in name) + ".json")
        if not os.path.isfile(path):
            print(f"not played: {name}", file=sys.stderr)
            continue
        with open(path, encoding="utf-8") as file:
            verdict = Verdict(**json.load(file))
        cells = [
            verdict.fault, ", ".join(f"`{rule}`" for rule in verdict.named) or "**not named**",
            ", ".join([*map("`{}`".format, verdict.parts), *map("**not of it: `{}`**".format, verdict.blamed)]),
            f"`{verdict.where}`", verdict.message[:300], f"{verdict.look:.0f}",
        ]  # fmt: skip
        rows.append("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |\n")
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(_HEAD.format(version=cluster_build.version(), server=SUITE.server) + "".join(rows))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (KeepingError, PlayError, parts.NoNodeError) as error:
        sys.exit(f"doctor_faults: {error}")
