"""Texts that once made a difference, or could: natsvalues reads them as Go, by its answers on file and by Go itself.

NATSVALUES_UPDATE_GOLDEN=1 writes Go's answers anew.
"""

from __future__ import annotations

import json
import os

import pytest
from fuzzing.judge import CONF, REFUSED, STREAM, STRICTER, YAML
from fuzzing.releases import plans, post_rendered_twice
from fuzzing.target import CORPUS, corpus
from fuzzing.targets import TARGETS

READERS = {"conf": CONF, "yaml": YAML, "stream": STREAM}
UPDATING = os.environ.get("NATSVALUES_UPDATE_GOLDEN") == "1" and not os.environ.get("CI")


def stored(entry):
    """Go's answer on file."""
    return REFUSED if entry.get("refused") else entry["means"]


@pytest.mark.parametrize("name", READERS)
def test_go_answers_as_on_file(name, request):
    """The answers are those of the readers that scripts/fuzzing/go names."""
    judge = request.getfixturevalue("go_judge")
    entries = corpus(name)
    answers = judge.answers([READERS[name] + entry["text"].encode() for entry in entries])
    if UPDATING:
        listed = [
            {"about": entry["about"], "text": entry["text"]}
            | ({"refused": True} if answer is REFUSED else {"means": answer})
            for entry, answer in zip(entries, answers, strict=True)
        ]
        with open(os.path.join(CORPUS, f"{name}.json"), "w", encoding="utf-8") as file:
            file.write(json.dumps(listed, indent=1) + "\n")
    else:
        assert answers == [stored(entry) for entry in entries]


@pytest.mark.parametrize("name", READERS)
def test_natsvalues_reads_the_corpus_as_go(name):
    """The same value, or both refuse; natsvalues refuses some that Go reads, on purpose."""
    target = TARGETS[name]
    tried = [(entry, target.trial(entry["text"])) for entry in corpus(name)]
    assert [
        entry["about"] for entry, asked in tried if asked is None or not target.agrees(asked.ours, stored(entry))
    ] == []
    stricter = [entry["about"] for entry, asked in tried if asked.ours is STRICTER]
    assert len(stricter) == {"conf": 3, "yaml": 4, "stream": 2}[name], stricter


@pytest.mark.parametrize("entry", corpus("post-render"), ids=lambda entry: entry["about"])
def test_post_rendering_ends_in_a_result_or_an_error_of_our_own(entry):
    """With the overlays of every golden folder; a second pass changes nothing."""
    for overlays, region in plans():
        assert post_rendered_twice(entry["text"], overlays, region) is None
