"""`natsvalues last`: the report of the last run."""

from __future__ import annotations

import json
import sys

from natsvalues.cli.edge import guarded
from natsvalues.cli.state import Run, recall
from natsvalues.errors import EXIT_OK
from natsvalues.report.text import last_text


def last(*, as_json: bool) -> int:
    """Print it as text, or as the JSON that is kept."""

    def work() -> int:
        report = recall()
        sys.stdout.write(json.dumps(report, indent=1) + "\n" if as_json else last_text(report))
        return EXIT_OK

    return guarded(Run(), work)
