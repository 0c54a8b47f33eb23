"""Run one of the user's programs with a time limit, and end it together with all that it started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from typing import TYPE_CHECKING

from natsvalues.errors import NatsvaluesError
from natsvalues.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

SECONDS = 60


class Done(NamedTuple):
    """What a program did: exit code, standard output, standard error."""

    code: int
    out: str
    err: str


def patience() -> float:
    """How many seconds helm or kubectl may take: NATSVALUES_HELM_SECONDS, else 60."""
    try:
        return float(os.environ.get("NATSVALUES_HELM_SECONDS") or SECONDS)
    except ValueError:
        return SECONDS


def run(
    command: list[str],
    *,
    seconds: float,
    stdin: str | None = None,
    env: Mapping[str, str] | None = None,
    folder: str | None = None,
) -> Done:
    """Run a program to its end, with our environment or exactly `env`, in our folder or in `folder`.

    Raises FileNotFoundError if there is none, TimeoutError after `seconds`.
    """
    process = subprocess.Popen(  # the user's program, run without a shell
        command,
        stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        env=env,
        cwd=folder,
        start_new_session=True,  # so that what it started (plugins, credential helpers) ends with it
    )
    try:
        out, err = process.communicate(stdin, timeout=seconds)
    except subprocess.TimeoutExpired:
        _end(process)
        raise TimeoutError from None
    except BaseException:
        _end(process)
        raise
    return Done(process.returncode, out, err)


def _end(process: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def absent(program: str, code: str, hint: str) -> NatsvaluesError:
    """The error for a program that is not there."""
    return NatsvaluesError(code, f"`{program}` is not on PATH", hint=hint)
