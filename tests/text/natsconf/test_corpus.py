"""The collected configurations, judged by the server's own parser; they lie beside the checkout."""

from __future__ import annotations

import json
import os

import pytest

from natsvalues.text.natsconf import ConfSyntaxError, read, same, tokenize, value

QUIRKS = {
    "tricky/bom.conf": None,  # the server makes the byte order mark a part of the first key; we refuse it
    # Refused by 2.14.2, which was asked; read since 2.15.1.
    "tricky/durations.conf": {"a": "30s", "b": "1h", "c": "5ms", "d": "2m30s"},
    "tricky/exponent.conf": {"a": "1e3"},
}


@pytest.fixture(scope="module")
def corpus(shared):
    """Give the folder of the corpus; the test is skipped where it is absent."""
    folder = os.path.join(shared or "", "nats-conf")
    if shared is None or not os.path.isdir(folder):
        pytest.skip("not in this clone: the corpus of configurations (../shared/nats-conf)")
    return folder


def _text(path):
    with open(path, encoding="utf-8", newline="") as file:
        return file.read()


def _outcome(path):
    """Give the value of a file with its includes, or None where the server refuses it."""
    folder = os.path.dirname(path)
    try:
        got = value(read(_text(path)), {}, lambda include: _text(os.path.join(folder, include)))
    except (ConfSyntaxError, FileNotFoundError):
        return None
    return None if "Variable(" in repr(got) else got


def test_every_file_of_the_corpus_means_what_the_server_makes_of_it(corpus):
    """Values where it has values, errors where it has errors."""
    expected = json.loads(_text(os.path.join(corpus, "expected.json")))
    assert len(expected) > 100
    for name, outcome in expected.items():
        got = _outcome(os.path.join(corpus, name))
        assert same(got, QUIRKS.get(name, outcome.get("value"))), name


def test_every_file_of_the_corpus_is_the_sum_of_its_tokens(corpus):
    """No character is lost, wherever the file can be cut at all."""
    for name in json.loads(_text(os.path.join(corpus, "expected.json"))):
        text = _text(os.path.join(corpus, name))
        try:
            tokens = tokenize(text)
        except ConfSyntaxError:
            continue
        assert "".join(text[token.start : token.end] for token in tokens) == text, name
