"""Run the tests that reach a mutant's line, in a forked process in which the mutant takes its module's place.

Nothing is written into the project: the changed text is handed to the import system. The tests of a room run once
unchanged, under coverage, which says for each line which tests reach it, and how long each takes.
"""

from __future__ import annotations

import contextlib
import gc
import glob
import importlib.abc
import importlib.util
import os
import pickle
import re
import signal
import sys
import tempfile
import time
from collections import Counter
from itertools import accumulate
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

import hypothesis
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import ModuleType

    from mutants.changes import Mutant

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OPTIONS = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--hypothesis-profile=mutants", "--tb=line"]
SLOW = 2.5
"""Tests that take more seconds of the processor are left out."""
ENOUGH = 15.0
"""A mutant that tests of so many seconds do not notice is a survivor."""
KEPT = ("stand_in", "renderings")
"""Session fixtures that helm makes, of unchanged code: their texts are kept from the first run."""
FAILED = re.compile(r"^FAILED (.+?)(?: - .*)?$", re.MULTILINE)
IMPORTED = ("deepdiff", "jsonpatch", "jsonschema", "ruamel.yaml", "typer", "yaml")
"""Imported once, before the processes are forked."""

hypothesis.settings.register_profile(
    "mutants",
    deadline=None,
    database=None,
    derandomize=True,
    phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
    suppress_health_check=list(hypothesis.HealthCheck),
)


class Reached(NamedTuple):
    """Which tests reach each line of each file, how long each takes, texts of fixtures, who killed mutants there."""

    tests: dict[str, dict[int, set[str]]]
    seconds: dict[str, float]
    fixtures: dict[str, Any]
    killers: dict[str, list[str]]

    def reaching(self, mutant: Mutant) -> list[str]:
        """The tests that reach a mutant's statement; all of them for what runs when the module is imported.

        First those of the same rule or impact, then those that killed mutants of this file, then by turns one that
        reaches most of the function and one that leaves it early; so many as take ENOUGH seconds.
        """
        lines = self.tests.get(mutant.file, {})
        reaching = {test for line in range(mutant.first, mutant.last + 1) for test in lines.get(line, ())}
        if "" in reaching:
            reaching |= {test for tests in lines.values() for test in tests}
        depth = Counter(test for line in range(mutant.body[0], mutant.body[1] + 1) for test in lines.get(line, ()))
        quick = [test for test in reaching - {""} if self.seconds.get(test, SLOW) < SLOW]
        last = {test: number for number, test in enumerate(self.killers.get(mutant.file, []))}
        quick.sort(key=lambda test: (-depth[test], self.seconds[test]))
        quick = list(dict.fromkeys(test for both in zip(quick, reversed(quick), strict=True) for test in both))
        quick.sort(key=lambda test: (not any(code in test for code in mutant.codes), -last.get(test, -1)))
        taken = accumulate(self.seconds[test] for test in quick)
        return [test for test, seconds in zip(quick, taken, strict=True) if seconds - self.seconds[test] < ENOUGH]


class Recording:
    """A pytest plugin: the coverage of each test, its seconds, and the texts of the kept fixtures."""

    def __init__(self, coverage: Any) -> None:
        self.coverage = coverage
        self.seconds: dict[str, float] = {}
        self.fixtures: dict[str, Any] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Any:
        """Record what one test reaches."""
        self.coverage.switch_context(item.nodeid)
        started = time.process_time()
        result = yield
        self.seconds[item.nodeid] = time.process_time() - started
        self.coverage.switch_context("")
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Any:
        """Keep the texts of a fixture."""
        value = yield
        if fixturedef.argname in KEPT:
            self.fixtures[fixturedef.argname] = value._asdict() if hasattr(value, "_asdict") else value
        return value


class Replacing(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports a changed text in the place of a module."""

    def __init__(self, path: str, source: str) -> None:
        self.name = os.path.relpath(path, ROOT).removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        self.path, self.source = path, source

    def find_spec(self, name: str, *_: object) -> Any:
        """The changed module, if it is the one that is asked for."""
        if name != self.name:
            return None
        is_package = self.path.endswith("__init__.py")
        spec = importlib.util.spec_from_file_location(name, self.path, loader=self)  # type: ignore[arg-type]
        if spec is not None and is_package:
            spec.submodule_search_locations = [os.path.dirname(self.path)]
        return spec

    def exec_module(self, module: ModuleType) -> None:
        """Run the changed text."""
        exec(compile(self.source, self.path, "exec"), module.__dict__)  # noqa: S102   # the project's own code


class Chosen:
    """A pytest plugin: runs the given tests only, the fastest first, with the kept fixtures."""

    def __init__(self, tests: list[str], fixtures: dict[str, Any], changed: Replacing) -> None:
        self.order = {test: number for number, test in enumerate(tests)}
        self.fixtures = fixtures
        self.changed = changed

    @pytest.hookimpl(tryfirst=True)
    def pytest_load_initial_conftests(self) -> None:
        """Put the mutant before pytest's own importer, which takes the whole package: it has a plugin of pytest."""
        sys.meta_path.insert(0, self.changed)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out all other tests."""
        items[:] = sorted((item for item in items if item.nodeid in self.order), key=lambda it: self.order[it.nodeid])

    @pytest.hookimpl(tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: Any, request: Any) -> Any:
        """Give a kept fixture."""
        value = self.fixtures.get(fixturedef.argname)
        if value is None:
            return None
        given = SimpleNamespace(**value) if fixturedef.argname == "stand_in" else value
        fixturedef.cached_result = (given, fixturedef.cache_key(request), None)
        return given


def prepare() -> None:
    """Import what never changes, and keep compiled modules out of the project."""
    sys.dont_write_bytecode = False
    sys.pycache_prefix = tempfile.mkdtemp(prefix="mutants-")
    os.environ["NATSVALUES_SHARED"] = os.path.join(sys.pycache_prefix, "absent")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.chdir(ROOT)
    for name in IMPORTED:
        __import__(name)
    gc.freeze()


def record(files: Iterable[str], tests: Iterable[str], marks: str) -> Reached:
    """Run a room's tests unchanged; SystemExit if one fails."""

    def run(send: Callable[[Any], None]) -> int:
        import coverage

        measured = coverage.Coverage(data_file=None, include=list(files), config_file=False)
        plugin = Recording(measured)
        measured.start()
        named = [sorted(glob.glob(test)) or [test] for test in tests]
        code = pytest.main([*OPTIONS, "-m", marks, *(name for names in named for name in names)], plugins=[plugin])
        measured.stop()
        data = measured.get_data()
        reached = {
            file: {line: set(names) for line, names in data.contexts_by_lineno(file).items()}
            for file in data.measured_files()
        }
        send((reached, plugin.seconds, plugin.fixtures))
        return int(code)

    code, answer, output = _forked(run, 900)
    if code != 0 or answer is None:
        raise SystemExit(f"the tests fail without a mutant ({code}):\n{output[-3000:]}")
    return Reached(*answer, {})


def judge(mutant: Mutant, reached: Reached) -> str:
    """`killed`, `survived`, `timeout`, `unreached` (no test comes there), or `same` (the same program)."""
    source = mutant.source()
    if not source:
        return "same"
    tests = reached.reaching(mutant)
    if not tests:
        return "unreached"

    def run(_: Callable[[Any], None]) -> int:
        changed = Replacing(mutant.file, source)
        files = sorted({test.partition("::")[0] for test in tests})
        return int(pytest.main([*OPTIONS, *files], plugins=[Chosen(tests, reached.fixtures, changed)]))

    expected = sum(reached.seconds.get(test, 0) for test in tests)
    code, _, output = _forked(run, 60 + 20 * expected)
    reached.killers.setdefault(mutant.file, []).extend(FAILED.findall(output))
    if code is None:
        return "timeout"
    if code == pytest.ExitCode.NO_TESTS_COLLECTED:
        raise SystemExit(f"no test was collected for {mutant}:\n{output[-3000:]}")
    return "survived" if code == 0 else "killed"


def _forked(run: Callable[[Callable[[Any], None]], int], seconds: float) -> tuple[int | None, Any, str]:
    """Run in a process of its own: exit code (None: it took longer), what it sent, and what it printed."""
    with tempfile.TemporaryFile() as printed, tempfile.TemporaryFile() as sent:
        child = os.fork()
        if child == 0:
            code = 70
            with contextlib.suppress(BaseException):
                os.setsid()
                for stream in (1, 2):
                    os.dup2(printed.fileno(), stream)
                code = run(lambda value: pickle.dump(value, sent))
                sent.flush()
                sys.stdout.flush()
            os._exit(code)
        deadline = time.monotonic() + seconds
        done, status = os.waitpid(child, os.WNOHANG)
        while not done and time.monotonic() < deadline:
            time.sleep(0.01)
            done, status = os.waitpid(child, os.WNOHANG)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)  # and whatever it has started
        if not done:
            os.waitpid(child, 0)
            return None, None, ""
        printed.seek(0)
        sent.seek(0)
        answer = pickle.load(sent) if os.fstat(sent.fileno()).st_size else None  # noqa: S301   # from our own child
        return os.waitstatus_to_exitcode(status), answer, printed.read().decode(errors="replace")
