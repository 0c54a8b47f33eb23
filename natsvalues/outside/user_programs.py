"""Run the user's kubectl and helm beside everything else: none outlives us, and one that is cancelled ends first."""

from __future__ import annotations

import asyncio
import os
import shutil

from natsvalues.errors import NatsvaluesError
from natsvalues.outside import processes
from natsvalues.outside.commands import Done, absent, patience
from natsvalues.text.messages import message_without_secrets

_WORDS = 3
"""How many words of a command an error quotes: the rest may be values."""
_TO_END = 10.0
"""Seconds that a cancelled program has to end by itself: helm stores a release before it changes anything."""


def kubectl() -> str:
    """The kubectl of KUBECTL, else of PATH. Raises NatsvaluesError."""
    return _program(os.environ.get("KUBECTL") or "kubectl", "NV-K001", "install kubectl, or set KUBECTL")


def helm() -> str:
    """The helm of HELM_BIN, else of PATH. Raises NatsvaluesError."""
    return _program(os.environ.get("HELM_BIN") or "helm", "NV-H001", "install helm, or set HELM_BIN")


def _program(name: str, code: str, hint: str) -> str:
    program = shutil.which(name)
    if program is None:
        raise absent(name, code, hint)
    return program


async def run(command: list[str], environment: dict[str, str] | None = None, *, seconds: float | None = None) -> Done:
    """Run a program to its end, as one of ours; standard error is in `out`, too.

    Raises NatsvaluesError (NV-R038) for one that takes longer than `seconds` (else NATSVALUES_HELM_SECONDS).
    """
    lines: list[str] = []
    program = processes.start(command, os.environ | (environment or {}), os.getcwd(), lines.append)
    limit = seconds or patience()
    try:
        ended = await program.ended(limit)
    except asyncio.CancelledError:
        await program.ended(_TO_END)
        raise
    finally:
        await program.kill()
    if not ended:
        raise failed(command, f"no end within {limit:g} s")
    return Done(program.code or 0, "\n".join(lines), "")


async def output(command: list[str], environment: dict[str, str] | None = None) -> str:
    """What a program prints. Raises NatsvaluesError (NV-R038) with its last words if it fails."""
    done = await run(command, environment)
    if done.code:
        lines = [line for line in done.out.splitlines() if line.strip()]
        start = next((number for number, line in enumerate(lines) if line.lower().startswith("error")), -1)
        raise failed(command, "\n".join(lines[start:])[:1500] or "no reason given")
    return done.out


def failed(command: list[str], reason: str) -> NatsvaluesError:
    """The error for a program that did not do what it was asked for."""
    words = " ".join([os.path.basename(command[0]), *command[1:_WORDS]])
    return NatsvaluesError(
        "NV-R038",
        f"`{words}` failed: {message_without_secrets(reason)}",
        hint="run it by hand with the same context and namespace; `natsvalues docs rights` lists what a rehearsal "
        "may do",
    )
