"""What the chart of the tests gives, compared with a file, or written to it with NATSVALUES_UPDATE_GOLDEN=1."""

from __future__ import annotations

import difflib
import os

UPDATING = os.environ.get("NATSVALUES_UPDATE_GOLDEN") == "1" and not os.environ.get("CI")
OWN_CHART = "NATSVALUES_CHART" not in os.environ


def as_on_file(path, text):
    """Compare a text with that of a file; with another chart (NATSVALUES_CHART) anything is right."""
    if UPDATING:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    if OWN_CHART:
        with open(path, encoding="utf-8") as file:
            expected = file.read()
        assert text == expected, "\n".join(difflib.unified_diff(expected.splitlines(), text.splitlines(), path, "now"))
