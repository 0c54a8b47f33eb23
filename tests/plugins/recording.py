"""A plugin for pytest that records with which versions each test ran.

`PYTHONPATH=tests/plugins pytest -p recording --records FILE` writes the record; scripts/test does so for all tests.

A test ran with a program that it started while it ran, and with a chart whose rendering it read: Python's audit events
show both, whoever starts or reads. A server that a rehearsal starts counts when the test asks for it. FILE gets the
tests that passed and failed, by program and version; `scripts/compatibility.py` makes docs/compatibility.md of it.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROPERTY = "ran_with"
OWN_CHART = "chart of the tests"
PROGRAMS = {"helm": "Helm", "kubectl": "kubectl", "kustomize": "kustomize", "nats-server": "nats-server"}
_PROGRAM = re.compile(rf"/({'|'.join(PROGRAMS)})-(\d[\d.]*)(?:-\w+)?/\1$")
_STORED = re.compile(r"\bnats-(\d+\.\d+\.\d+)(?:-helm4)?(?:/|$)")
_NAMED_IN = ("HELM_BIN", "KUBECTL")
_running: set[tuple[str, str]] = set()
"""What the test that runs now has used, as pairs of component and version."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --records."""
    parser.addoption("--records", metavar="FILE", help="write with which versions tests passed and failed")


def pytest_configure(config: pytest.Config) -> None:
    """Listen, in each worker; the controller of the workers counts."""
    sys.addaudithook(_listen)
    if not hasattr(config, "workerinput") and config.getoption("--records"):
        config.pluginmanager.register(Counts(config.getoption("--records")))


def _listen(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "subprocess.Popen":
        executable, words, _, environment = arguments
        environment = os.environ if environment is None else environment
        program = executable or (words if isinstance(words, str) else words[0])
        _start(shutil.which(os.fsdecode(program), path=environment.get("PATH")))
        for name in _NAMED_IN:
            _start(environment.get(name))
    elif event == "binaries.fetch":
        _start(arguments[0])
    elif event == "open" and isinstance(arguments[0], str) and "/rendered/" in arguments[0]:
        _read(arguments[0].rpartition("/rendered/")[2])


def _start(path: str | None) -> None:
    match = _PROGRAM.search(os.path.realpath(path)) if path else None
    if match is not None:
        _running.add((PROGRAMS[match[1]], match[2]))


def _read(path: str) -> None:
    match = _STORED.match(path)
    if match is not None:
        _running.add(("NATS chart", match[1]))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Begin with what the test's fixtures say: what a fixture of the whole run started is not started again."""
    _running.clear()
    fixtures = getattr(item, "fixturenames", ())
    if "cluster" in fixtures:
        _running.add(("Kubernetes", _kubernetes()))
    if "nats_chart" in fixtures:
        _running.add((OWN_CHART, _chart_version()))
    for value in getattr(getattr(item, "callspec", None), "params", {}).values():
        if isinstance(value, str) and "rendered" in fixtures:
            _read(value)
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Write it into the report, which goes from the worker to the controller."""
    report = yield
    report.user_properties = [*report.user_properties, (PROPERTY, sorted(_running))]
    return report


def _kubernetes() -> str:
    with open(os.path.join(ROOT, "scripts", "kubernetes", "go.mod"), encoding="utf-8") as file:
        return re.search(r"^\tk8s\.io/kubernetes v(\S+)", file.read(), re.MULTILINE)[1]


def _chart_version() -> str:
    folder = os.environ.get("NATSVALUES_CHART") or os.path.join(ROOT, "tests", "charts", "nats")
    with open(os.path.join(folder, "Chart.yaml"), encoding="utf-8") as file:
        return re.search(r"^version: (\S+)", file.read(), re.MULTILINE)[1]


class Counts:
    """Counts tests by component and version, and writes them at the end of the run."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.passed: Counter[tuple[str, str]] = Counter()
        self.failed: Counter[tuple[str, str]] = Counter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a test that passed, and one that failed in any of its phases."""
        counter = self.failed if report.failed else self.passed if report.when == "call" and report.passed else None
        if counter is not None:
            used = next((value for name, value in report.user_properties if name == PROPERTY), [])
            counter.update([("Python", platform.python_version()), *map(tuple, used)])

    def pytest_sessionfinish(self) -> None:
        """Write the record."""
        rows = [
            {"component": name, "version": version, "passed": self.passed[name, version], "failed": failed}
            for name, version in sorted({*self.passed, *self.failed})
            for failed in (self.failed[name, version],)
        ]
        record = {"date": time.strftime("%Y-%m-%d", time.gmtime()), "rows": rows}
        os.makedirs(os.path.dirname(os.path.abspath(self.path)), exist_ok=True)
        with open(self.path, "w", encoding="utf-8") as file:
            json.dump(record, file, indent=1)
