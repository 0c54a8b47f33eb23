"""The generated pages: current, complete, and a stale one is named."""

import os

import pytest
from typer.main import get_command

from natsvalues.cli.app import app
from natsvalues.cli.light import ALLOWABLE
from natsvalues.diff.impact import IMPACTS
from natsvalues.overlays.schema import schema


@pytest.fixture(scope="module")
def reference(script):
    """Give the script that writes the pages."""
    return script("reference_docs")


def test_the_pages_are_current(reference, capsys):
    """What is checked in is what the code gives."""
    assert (reference.main(["--check"]), capsys.readouterr().err) == (0, "")


def test_stale_pages_are_named(reference, tmp_path, monkeypatch, capsys):
    """A missing or an old page fails the check by name, and writing mends it."""
    monkeypatch.setattr(reference, "DOCS", str(tmp_path))
    (tmp_path / "cli.md").write_text("old", encoding="utf-8")

    assert reference.main(["--check"]) == 1
    told = capsys.readouterr().err
    assert all(f"docs/{name} is stale" in told for name in ("cli.md", "overlays.md", "overlay.schema.json"))

    for name, text in reference.pages().items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert reference.main(["--check"]) == 0


def test_an_unknown_argument_fails(reference, capsys):
    """Wrong usage shows what the script does."""
    assert reference.main(["--chek"]) == 1
    assert "--check" in capsys.readouterr().err


def test_every_verb_is_documented(reference, pages):
    """Every command has a section with its help."""
    verbs = [" ".join(("natsvalues", *words)) for words in reference.verbs(get_command(app), ())]

    assert [verb for verb in verbs if f"\n## {verb}\n" not in pages[os.path.join("docs", "cli.md")]] == []
    assert all(f"Usage: {verb}" in pages[os.path.join("docs", "cli.md")] for verb in verbs)


@pytest.mark.parametrize("verb", ["explain", "last", "overlay show", "init", "schema", "providers", "plugin install"])
def test_the_first_page_shows_the_verb(pages, verb):
    """The verbs that a user needs stand in docs/start.md, where the README leads."""
    assert f"natsvalues {verb}" in pages[os.path.join("docs", "start.md")]
    assert "(docs/start.md)" in pages["README.md"]


def test_every_exception_is_documented(pages):
    """The names that --allow takes are on the command's page and on that of the stages or the README."""
    assert all(name in pages[os.path.join("docs", "cli.md")].replace("-\n" + " " * 21, "-") for name in ALLOWABLE)


def test_every_impact_is_documented(pages):
    """Each has a row that leads to its section, and the pages about diff lead to all of them."""
    page = pages[os.path.join("docs", "impacts.md")]
    assert [declared.id for declared in IMPACTS if f"\n### {declared.id} {declared.name}\n" not in page] == []
    assert [declared.id for declared in IMPACTS if f"(#{declared.id.lower()}-{declared.name})" not in page] == []
    assert "(impacts.md)" in pages[os.path.join("docs", "diff.md")]
    assert "(docs/impacts.md)" in pages["README.md"]


def test_every_overlay_field_is_documented(pages):
    """Each property of the schema has a row with its meaning, its own path last."""
    page = pages[os.path.join("docs", "overlays.md")]
    rows = [line.split(" | ") for line in page.splitlines() if line.startswith("| `")]
    last_names = {row[0].strip("| `").rpartition(".")[2] for row in rows}

    assert all(row[-1].strip(" |") for row in rows)
    assert {name for section in schema()["$defs"].values() for name in section["properties"]} == last_names
