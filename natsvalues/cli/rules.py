"""`natsvalues rules`: list the lint rules, or explain one."""

from __future__ import annotations

import sys

from natsvalues.cli.edge import guarded
from natsvalues.cli.state import Run
from natsvalues.errors import EXIT_OK
from natsvalues.lint.rules import GROUPS, find_rule
from natsvalues.report.rules import details, listing


def rules(word: str | None) -> int:
    """List all rules by group, or show one with its reason, its remedy and its examples."""

    def work() -> int:
        sys.stdout.write(listing(GROUPS) if word is None else details(find_rule(word)))
        return EXIT_OK

    return guarded(Run(), work)
