"""`natsvalues last`: the report of the last run."""

from __future__ import annotations

import json

from natsvalues.cli.edge import guarded
from natsvalues.cli.state import FORMAT, Run, recall, unknown_report
from natsvalues.cli.streams import write_output
from natsvalues.errors import EXIT_OK
from natsvalues.report.text import last_text


def last(*, as_json: bool) -> int:
    """Print it as text, or as the JSON that is kept."""

    def work() -> int:
        report = recall()
        if report.get("format") != FORMAT:
            raise unknown_report()
        try:
            text = json.dumps(report, indent=1) + "\n" if as_json else last_text(report)
        except (LookupError, TypeError, ValueError, AttributeError):  # somebody else wrote it
            raise unknown_report() from None
        write_output(text)
        return EXIT_OK

    return guarded(Run(), work)
