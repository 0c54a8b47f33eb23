"""Texts compared with files, or written to them with NATSVALUES_UPDATE_GOLDEN=1, and what files leave out."""

from __future__ import annotations

import difflib
import os
import re

UPDATING = os.environ.get("NATSVALUES_UPDATE_GOLDEN") == "1" and not os.environ.get("CI")
OWN_CHART = "NATSVALUES_CHART" not in os.environ
_LOOK = re.compile(r"(?<=<style>).*?(?=</style>)|(?<=<script>).*?(?=</script>)|(?<='sha256-)[^']+(?=')", re.DOTALL)


def unstyled(page):
    """An HTML page as golden files keep it: without style and script, which all pages share, and their hashes."""
    return _LOOK.sub("(not here)", page)


def as_on_file(path, text):
    """Compare a text with that of a file; with another chart (NATSVALUES_CHART) anything is right."""
    if UPDATING:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    if OWN_CHART:
        with open(path, encoding="utf-8") as file:
            expected = file.read()
        assert text == expected, "\n".join(difflib.unified_diff(expected.splitlines(), text.splitlines(), path, "now"))
