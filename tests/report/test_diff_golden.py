"""The reports of diffs made by hand, as files. NATSVALUES_UPDATE_GOLDEN=1 writes them anew."""

import os

import pytest

from natsvalues.report.diff_github import annotations
from natsvalues.report.diff_html import html
from natsvalues.report.diff_markdown import markdown
from natsvalues.report.diff_text import text

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden")
NAMES = ("upgrade", "regions", "levels", "hostile", "nothing")
FORMATS = {
    "txt": lambda diffs: text(diffs, color=False, width=100),
    "ansi": lambda diffs: text(diffs, color=True, width=72),
    "md": markdown,
    "html": html,
    "github": annotations,
}


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("name", NAMES)
def test_the_report_is_the_golden_one(samples, name, suffix):
    """A report is the one on file, character by character."""
    found = FORMATS[suffix](samples[name])
    path = os.path.join(GOLDEN, f"{name}.{suffix}")
    if os.environ.get("NATSVALUES_UPDATE_GOLDEN") == "1":
        assert not os.environ.get("CI"), "golden files are never written in CI"
        os.makedirs(GOLDEN, exist_ok=True)
        with open(path, "w", encoding="utf-8", newline="") as stream:
            stream.write(found)

    with open(path, encoding="utf-8", newline="") as stream:
        assert found == stream.read()


def test_no_golden_file_is_left_over():
    """Every golden file belongs to a sample and a format."""
    assert sorted(os.listdir(GOLDEN)) == sorted(f"{name}.{suffix}" for name in NAMES for suffix in FORMATS)
