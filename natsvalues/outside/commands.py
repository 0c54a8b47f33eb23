"""Run one of the user's programs with a time limit, and end it together with all that it started."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from typing import TYPE_CHECKING, Any

from natsvalues.errors import NatsvaluesError, Where
from natsvalues.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

SECONDS = 60
_MOST_SECONDS = 1_000_000


class Done(NamedTuple):
    """What a program did: exit code, standard output, standard error."""

    code: int
    out: str
    err: str


def patience() -> float:
    """How many seconds helm or kubectl may take: NATSVALUES_HELM_SECONDS, else 60."""
    try:
        seconds = float(os.environ.get("NATSVALUES_HELM_SECONDS") or SECONDS)
    except ValueError:
        return SECONDS
    return seconds if 0 < seconds < _MOST_SECONDS else SECONDS


def run(
    command: list[str],
    *,
    seconds: float,
    stdin: str | None = None,
    env: Mapping[str, str] | None = None,
    folder: str | None = None,
) -> Done:
    """Run a program to its end, with our environment or exactly `env`, in our folder or in `folder`.

    Raises FileNotFoundError if there is none, TimeoutError after `seconds`, NatsvaluesError (NV-R030) for one that does
    not start.
    """
    try:
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
    except OSError as error:
        if isinstance(error, FileNotFoundError) and not os.path.exists(command[0]):
            raise
        raise _no_start(command[0], error) from None
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
    with contextlib.suppress(subprocess.TimeoutExpired):  # one that left the session may still have the pipes
        process.communicate(timeout=1)


def _no_start(program: str, error: OSError) -> NatsvaluesError:
    if os.path.isdir(program):
        reason = "it is a folder"
    elif isinstance(error, FileNotFoundError):
        reason = "the interpreter in its first line does not exist"
    else:
        reason = str(error.strerror)
    return NatsvaluesError(
        "NV-R030",
        f"the program does not start: {reason}",
        where=(Where(program),),
        hint="HELM_BIN, KUBECTL or PATH leads there: name an executable program for this machine",
    )


def json_of(output: str, command: str) -> Any:
    """What a program printed as JSON. Raises NatsvaluesError (NV-R031) for anything else."""
    try:
        return json.loads(output)
    except (ValueError, RecursionError):
        raise strange(command, "JSON is expected") from None


def strange(command: str, wanted: str) -> NatsvaluesError:
    """The error for a program that ended with exit code 0 and did not print what it should have."""
    return NatsvaluesError(
        "NV-R031",
        f"`{command}` succeeded, and its output is not what this command prints: {wanted}",
        hint="run it by hand; is HELM_BIN, or KUBECTL, another program?",
    )


def absent(program: str, code: str, hint: str) -> NatsvaluesError:
    """The error for a program that is not there."""
    return NatsvaluesError(code, f"`{program}` is not on PATH", hint=hint)
