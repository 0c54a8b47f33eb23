"""YAML documents against sigs.k8s.io/yaml, through which Kubernetes and Helm read them."""

from __future__ import annotations

import functools
import os
from typing import Any

from fuzzing.judge import REFUSED, ROOT, STRICTER, YAML
from fuzzing.target import Asked, Target, beside, corpus, texts_in
from natsvalues.text.stream import BOM, split
from natsvalues.text.yamledit import same
from natsvalues.text.yamltree import BY_CHANCE, LATE_BOM, NO_JSON, NO_STRING, YamlSyntaxError, compose, value

SEEDS = [

    "a: 1\nb:\n  - x\n  - {c: d, e: [1, 2]}\nf: |\n  text\n  more\n\ng: >-\n  folded\n  text\n",
    "h: 'it''s'\ni: \"a\\tb\"\n",
    "image: alpine:3.20\n? key\n: value\nx: &a {y: 1}\nz: *a\nm:\n  <<: *a\n  n: 2\n",
    "a: !!str 1\nb: !!int '2'\nc: !!float 3\nd: !!bool yes\ne: !!null ''\nf: !!binary aGk=\ng: !x y\n",
    "h: !!timestamp 2001-01-01\n",
    "m: !!map {a: 1}\ns: !!seq [1]\no: !!omap [{a: 1}]\nt: !<tag:yaml.org,2002:str> 3\nu: !!set {a}\n",
    "1: a\n0x10: b\n1.5: c\ntrue: d\n.inf: e\n1e3: f\n-0: g\n0777: h\n1_000: i\n2001-01-01: j\n", "a: .inf\n",
    "a: .nan\n", "~: a\n", "null: a\n", "? []\n: a\n", "---x: 1\n", "---\na: 1\n", "--- a\n...\n",
    "%YAML 1.1\n---\na: 1\n", "\ufeffa: 1\n", 'a: "\\ufeff\\u00e9\\x41\\U0001f600\\\n  b"\n',
    "- - a\n  - b\n-\n  c: d\n- ? e\n", "{a: b, c}", "[a, b: c]", "a: b\n c\n\n d\ne: 'x\n\n y'\n", "k: |+\n  a\n\n",
    "k: |2-\n   a\n", "# c\na: 1 # d\n",
]  # fmt: skip
FRAGMENTS = [
    *"abn:,-?[]{}'\"#&*!|>%@`~<=.0 \n\t\\", ": ", "- ", ", ", "? ", "::", "\n  ", "\n    ", "\n- ", "\na: ", "  - ",
    " #", "://", "<<", "<<: ", "&x ", "*x", "!!str ", "!!int ", "!!float ", "!!bool ", "!!null ", "!!binary ",
    "!!map ", "!!seq ", "!!set ", "!!timestamp ", "!x ", "! ", "!!", "!<tag:yaml.org,2002:str> ", "!<x> ", "!a!b ",
    "%TAG ! tag:x\n", "%YAML 1.1\n", "---\n", "\n---", "---x", "...\n", "\n...\n", "|", ">", "|-", ">+", "|2", "\n\n",
    "\r\n", "\r", "1", "-1", "0x10", "0777", "0o7", "0b11", "1e3", "1.5", ".5", "1_000", ".inf", "-.inf", ".nan", "~",
    "null", "true", "yes", "off", "y", "2001-01-01", "2001-01-01T00:00:00Z", "12:30:00", "9223372036854775808",
    "18446744073709551616", "1e400", "\\n", "\\x41", "\\u00e9", "\\ud800", "\\U0001f600", "\\/", "\\\n", "''", '"a"',
    "'a'", "a b", "é", "\xa0", "\x85", "\u2028", "\ufeff", "\x7f", "\x00", "\x07", "\U0001f600", "\ufffe", "\ud7ff",
    "\ue000", "aGk=",
]  # fmt: skip

ON_PURPOSE = (BY_CHANCE, LATE_BOM, NO_JSON, NO_STRING)
"""Where we refuse and Go does not always: it overlooks a null key in a value that a later key of this name replaces.

So do we where the C parser refuses a byte order mark inside the text, which Go's takes for a letter.
"""


def seeds() -> list[str]:
    """Documents of our own, of the golden folders, and of stored renderings where they lie beside the clone."""
    documents = [chunk.text for text in renderings() for chunk in split(text)]
    short = sorted({text for text in documents if len(text) < 1500})
    return [*SEEDS, *(entry["text"] for entry in corpus("yaml")), *short[:600]]


@functools.cache
def renderings() -> list[str]:
    """The releases that the tests and a clone have."""
    golden = texts_in(os.path.join(ROOT, "tests", "golden"), "input.yaml")
    return [*golden, *texts_in(beside("rendered"), ".yaml")]


def trial(text: str) -> Asked | None:
    """What we make of the document."""
    return Asked(YAML + text.encode(), reading(text))


def reading(text: str) -> Any:
    """What the document means to us, or REFUSED."""
    try:
        return value(compose(text))
    except YamlSyntaxError as error:
        return STRICTER if error.code != "NV-I002" or error.message in ON_PURPOSE or BOM in text[1:] else REFUSED


def agrees(ours: Any, theirs: Any) -> bool:
    """The same JSON, or both refuse."""
    if ours is STRICTER:
        return True
    if ours is REFUSED or theirs is REFUSED:
        return ours is theirs
    return same(ours, theirs) or same(_rounded(ours), _rounded(theirs))


def _rounded(item: Any) -> Any:
    """Numbers beyond 63 bits as floats: Go writes some floats with as many digits as integers have."""
    if isinstance(item, dict):
        return {key: _rounded(part) for key, part in item.items()}
    if isinstance(item, list):
        return [_rounded(part) for part in item]
    return float(item) if isinstance(item, int) and abs(item) >= 2**63 else item


TARGET = Target(
    "yaml",
    "a YAML document: value and refusal as sigs.k8s.io/yaml",
    FRAGMENTS,
    seeds,
    trial,
    agrees,
)
