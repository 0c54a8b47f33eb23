"""Streams: cut as kubectl and Helm cut them, and post-rendered without a traceback, twice as once."""

from __future__ import annotations

import functools
import os
import random
import re
import zlib
from typing import Any

from fuzzing import configurations, yaml_texts
from fuzzing.judge import REFUSED, ROOT, STREAM, STRICTER
from fuzzing.target import Asked, Difference, Target, corpus
from natsvalues.errors import InternalError, NatsvaluesError
from natsvalues.manifests.release import ODD_MARKER, Release
from natsvalues.overlays.choice import choose
from natsvalues.overlays.folder import load
from natsvalues.overlays.pipeline import render
from natsvalues.overlays.plan import plan
from natsvalues.text.stream import BOM
from natsvalues.text.yamltree import Tree

_ODD = re.compile(
    r"\r(?!\n)|\r\r|[\x85\u2028\u2029](?:---|\.\.\.)"
    r"|^---.*[^ -~\t\r\n]|^---.*(?:\n[ \t\r]*(?:#.*)?)*\n\.\.\.",
    re.MULTILINE,
)
GOLDEN = os.path.join(ROOT, "tests", "golden")


def seeds() -> list[str]:
    """Whole releases."""
    return [text for text in yaml_texts.renderings() if len(text) < 20_000]


def stream_seeds() -> list[str]:
    """Short documents, one after the other."""
    documents = [text for text in yaml_texts.seeds() if len(text) < 200]
    return [
        *documents,
        *(entry["text"] for entry in corpus("stream")),
        *("---\n".join(documents[at : at + 3]) for at in range(0, len(documents), 3)),
    ]


def stream_trial(text: str) -> Asked | None:
    """What the documents of a stream mean to us; a stream of JSON is another format.

    Kubernetes reads no marker's line and ends every line, so a text without a last line end or with an odd character or
    `...` at a marker is not asked about.
    """
    text = text if text.endswith("\n") else text + "\n"
    if text.lstrip()[:1] == "{" or _ODD.search(text):
        return None
    release = Release(text)
    ours: Any = []
    for number in release.numbers():
        try:
            release.manifest(number)
            ours.append(Tree(release.chunks[number].text).value)
        except NatsvaluesError as error:
            # Beside what is no YAML, there are objects that no API server accepts.
            on_purpose = error.code != "NV-I002" or error.message.startswith(ODD_MARKER)
            on_purpose = on_purpose or error.message in yaml_texts.ON_PURPOSE or BOM in text[1:]
            ours = STRICTER if on_purpose else REFUSED
            break
    return Asked(STREAM + text.encode(), ours)


def stream_agrees(ours: Any, theirs: Any) -> bool:
    """The same documents, or both refuse."""
    if not isinstance(ours, list) or theirs is REFUSED:
        return yaml_texts.agrees(ours, theirs)
    return yaml_texts.agrees([item for item in ours if item is not None], [item for item in theirs if item is not None])


@functools.cache
def plans() -> list[tuple[Any, str | None]]:
    """The overlays of the golden folders without patches of the user's own, and the region that each names."""
    listed = []
    for name in sorted(os.listdir(GOLDEN)):
        folder = os.path.join(GOLDEN, name)
        if name.startswith("patch-") or not os.path.isdir(os.path.join(folder, "overlays")):
            continue
        try:
            overlays = load(os.path.join(folder, "overlays"))
        except NatsvaluesError:
            continue
        region = os.path.join(folder, "region")
        if os.path.exists(region):
            with open(region, encoding="utf-8") as file:
                listed.append((overlays, file.read().strip()))
        else:
            listed.append((overlays, None))
    return listed


def trial(text: str) -> Asked | None:
    """Post-render a stream for the region of one golden folder, the same one for the same text."""
    overlays, named = random.Random(zlib.crc32(text.encode())).choice(plans())  # noqa: S311 - texts, no secrets
    post_rendered_twice(text, overlays, named)
    return None


def post_rendered_twice(text: str, overlays: Any, named: str | None) -> None:
    """Raise Difference where the result is none, or another one in a second pass; an error of ours is a result."""
    try:
        once = _rendered(text, overlays, named)
    except InternalError as error:
        raise Difference(f"{error.code}: {error.message}") from error
    except NatsvaluesError:
        return
    try:
        twice = _rendered(once, overlays, named)
    except NatsvaluesError as error:
        raise Difference(f"the second pass is refused: {error.code}: {error.message}") from error
    if twice != once:
        raise Difference("the second pass changes the result of the first")


def _rendered(text: str, overlays: Any, named: str | None) -> str:
    release = Release(text)
    region = choose(overlays, release, named)
    return render(release, plan(overlays, region)).release.text()


def nothing_asked(ours: Any, theirs: Any) -> bool:
    """Post-rendering has no judge but itself."""
    return ours is theirs


TARGETS = (
    Target(
        "stream", "a stream of documents: cut and read as the decoder of kubectl and Helm",
        [*yaml_texts.FRAGMENTS, *("\n---\n", "---\n", "\n--- # x\n", "\n---x\n", "\n--- a\n") * 3],
        stream_seeds, stream_trial, stream_agrees,
    ),
    Target(
        "post-render", "a release post-rendered: an error of our own or a result that a second pass leaves alone",
        [*yaml_texts.FRAGMENTS, *configurations.FRAGMENTS], seeds, trial, nothing_asked, alone=True, most=20_000,
    ),
)  # fmt: skip
