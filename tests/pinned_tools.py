"""The pinned helm, kubectl, nats-server and Go's readers as fixtures; scripts/binaries.py fetches what is missing."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import pytest
from building import LEFT_OUT

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from types import ModuleType

SCRIPTS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "scripts")


@pytest.fixture(scope="session")
def binaries(load_module) -> ModuleType:
    """Return the script that fetches binaries, as a module."""
    return load_module(os.path.join(SCRIPTS, "binaries.py"))


@pytest.fixture(scope="session")
def helm3(binaries) -> str:
    """Path of the pinned Helm 3, or of another one: scripts/compatibility.py."""
    return os.environ.get("NATSVALUES_HELM3") or binaries.fetch("helm3")


@pytest.fixture(scope="session")
def helm4(binaries) -> str:
    """Path of the pinned Helm 4, or of another one."""
    return os.environ.get("NATSVALUES_HELM4") or binaries.fetch("helm4")


@pytest.fixture(scope="session")
def kubectl(binaries) -> str:
    """Path of the pinned kubectl."""
    return binaries.fetch("kubectl")


@pytest.fixture(scope="session")
def nats_server(binaries) -> Callable[[str], str]:
    """Give the path of nats-server in a pinned version: `nats_server("2.14.2")`."""
    return lambda version: binaries.fetch(f"nats-server@{version}")


@pytest.fixture(scope="session")
def go_judge() -> Generator[Any, None, None]:
    """Go's readers of nats.conf and YAML in one process, built from their modules: `scripts/fuzzing/judge.py`."""
    sys.path.append(SCRIPTS)
    from fuzzing.judge import Judge
    from go_build import NoGoError

    try:
        judge = Judge()
    except NoGoError as error:
        pytest.skip(f"{LEFT_OUT} what Go's readers judge. {error}")
    with judge:
        yield judge


@pytest.fixture(scope="session")
def go_answers(request) -> Callable[[bytes, Any], Any]:
    """What Go makes of a question, for tests that have other judges, too: without Go, the value that is expected."""
    try:
        judge = request.getfixturevalue("go_judge")
    except pytest.skip.Exception:
        return lambda _question, expected: expected
    return lambda question, _expected: judge.answers([question])[0]
