"""`natsvalues completion`: scripts for shells, and the candidates for Helm's plugin completion.

Both come from typer's own completion, through the environment variables by which its shell scripts call it.
"""

from __future__ import annotations

import contextlib
import io
import os
import shlex
import sys
from typing import TYPE_CHECKING

from natsvalues.cli.streams import write_message, write_output
from natsvalues.errors import EXIT_OK, NatsvaluesError

if TYPE_CHECKING:
    import typer

SHELLS = ("bash", "zsh", "fish")
HELM = "helm"
NO_FILES, FILES = ":4", ":0"
"""The directives of Helm's completion: only these candidates, or files as well."""


def completion(app: typer.Typer, shell: str, words: list[str]) -> int:
    """Print the script for a shell; for `helm`, complete `words`, of which the last is unfinished."""
    if shell == HELM:
        write_output("\n".join(_candidates(app, words)) + "\n")
    elif shell in SHELLS:
        write_output(_typer_output(app, f"source_{shell}").strip() + "\n")
    else:
        error = NatsvaluesError("NV-G010", f"no completion for `{shell}`", hint=f"one of: {', '.join(SHELLS)}")
        write_message(f"{error}\n")
        return error.exit_code
    return EXIT_OK


def _candidates(app: typer.Typer, words: list[str]) -> list[str]:
    """Lines of `value<tab>description`, then the directive: the form that Helm passes on to the shell.

    Typer has that very form for fish. But with rich, if that is installed, it would wrap long descriptions, take
    brackets out, and be twice as slow.
    """
    sys.modules["rich"] = None  # type: ignore[assignment]  # the import system then raises ImportError
    line = shlex.join(["natsvalues", *(words or [""])])
    lines = _typer_output(app, "complete_fish", _TYPER_COMPLETE_FISH_ACTION="get-args", _TYPER_COMPLETE_ARGS=line)
    candidates = [candidate for candidate in lines.splitlines() if candidate]
    return [*candidates, NO_FILES if candidates else FILES]


def _typer_output(app: typer.Typer, instruction: str, **settings: str) -> str:
    """What typer prints for an instruction of its completion scripts."""
    out = io.StringIO()
    os.environ.update({"_NATSVALUES_COMPLETE": instruction, **settings})
    with contextlib.redirect_stdout(out), contextlib.suppress(SystemExit):
        app(args=[], prog_name="natsvalues")
    return out.getvalue()
