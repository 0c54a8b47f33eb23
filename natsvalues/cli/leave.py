"""How a verb leaves the command line with an exit code of its own."""

from __future__ import annotations


class Leave(SystemExit):
    """A verb's own exit code, distinguished from typer's 2 for wrong usage."""
