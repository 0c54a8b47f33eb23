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
def test_the_report_is_the_golden_one(samples, name, suffix, unstyled):
    """A report is the one on file, character by character; a page but for the style that all pages share."""
    found = FORMATS[suffix](samples[name])
    found = unstyled(found) if suffix == "html" else found
    path = os.path.join(GOLDEN, f"{name}.{suffix}")
    if os.environ.get("NATSVALUES_UPDATE_GOLDEN") == "1":
        assert not os.environ.get("CI"), "golden files are never written in CI"
        os.makedirs(GOLDEN, exist_ok=True)
        with open(path, "w", encoding="utf-8", newline="") as stream:
            stream.write(found)

    with open(path, encoding="utf-8", newline="") as stream:
        assert found == stream.read()


def test_a_golden_page_does_not_change_with_the_style(samples, unstyled, monkeypatch):
    """Of an edit of page.css no golden file knows, so that its review is the edit; all else of a page is in them."""
    before = html(samples["upgrade"])
    monkeypatch.setattr("natsvalues.report.html_page.style", lambda _name: "body { margin: 0 }")
    after = html(samples["upgrade"])

    assert after != before
    assert unstyled(after) == unstyled(before)
    assert unstyled(before.replace("<h1>", "<h1>!")) != unstyled(before)


def test_no_golden_file_is_left_over():
    """Every golden file belongs to a sample and a format."""
    assert sorted(os.listdir(GOLDEN)) == sorted(f"{name}.{suffix}" for name in NAMES for suffix in FORMATS)
