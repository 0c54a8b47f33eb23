"""The page docs/providers.md: written from the profiles, and a stale one fails."""

import importlib.util
import os

import pytest

from natsvalues.providers import load, names

SCRIPT = os.path.join("scripts", "provider_docs.py")


@pytest.fixture(scope="module")
def provider_docs():
    """Give the script as a module."""
    root = os.path.abspath(__file__).removesuffix(os.path.join("tests", "providers", "test_provider_docs.py"))
    spec = importlib.util.spec_from_file_location("provider_docs", os.path.join(root, SCRIPT))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_current(provider_docs):
    """What is checked in is what the profiles give."""
    assert provider_docs.main(["--check"]) == 0


def test_the_page_has_everything(provider_docs):
    """Every provider, option, caveat and source is on the page."""
    text = provider_docs.page()

    for name in names():
        profile = load(name)
        assert f"\n## {name}\n" in text
        assert all(part in text for part in (*profile.caveats, *profile.sources, profile.health.how))
        assert all(f"| `options.{option}` |" in text for option in profile.options)


def test_a_stale_page_fails(provider_docs, tmp_path, monkeypatch, capsys):
    """A page that was not written anew is an error that says what to run; writing mends it."""
    page = tmp_path / "providers.md"
    monkeypatch.setattr(provider_docs, "PAGE", str(page))

    assert provider_docs.main(["--check"]) == 1
    assert "python scripts/provider_docs.py" in capsys.readouterr().err
    assert not page.exists()

    page.write_text("old", encoding="utf-8")

    assert provider_docs.main(["--check"]) == 1
    assert provider_docs.main([]) == 0
    assert provider_docs.main(["--check"]) == 0
    assert page.read_text(encoding="utf-8") == provider_docs.page()


def test_an_unknown_argument_fails(provider_docs, capsys):
    """Wrong usage shows what the script does."""
    assert provider_docs.main(["--chek"]) == 1
    assert "--check" in capsys.readouterr().err
