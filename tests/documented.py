"""The commands of documentation pages, run as they stand there.

What the mark of a block says: `sh` is run and must succeed, `sh fails` must fail, `sh elsewhere` needs what tests do
not have (pods that run, the NATS command line) and is only read: its shell syntax, and every command and option of
natsvalues. A block `yaml` that begins with `# PATH` is written to that file.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
KINDS = {"sh", "sh fails", "sh elsewhere"}
_BLOCK = re.compile(r"^```(\w[^\n]*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"# ([\w./-]+\.yaml)\n")
HELM_OPTIONS = {"-f", "--version", "--kube-context"}
"""Options of helm's, which `natsvalues diff` passes on."""
_COMMAND = re.compile(r"(?:^|[|;] *|\$\()(natsvalues [^|;)#\n]*)", re.MULTILINE)


class Block(NamedTuple):
    """A block of a page: `sh`, `sh fails` or `sh elsewhere` with commands; or, as `file`, the path and the text."""

    kind: str
    text: str
    path: str = ""


def blocks(page: str) -> Iterator[Block]:
    """The blocks of a page in order: commands, and files to write."""
    for kind, text in _BLOCK.findall(page):
        named = _FILE.match(text)
        if kind.split()[0] == "sh":
            yield Block(kind, text)
        elif kind == "yaml" and named:
            yield Block("file", text, named[1])


def unknown_words(text: str, manual: str) -> list[str]:
    """The commands and options of natsvalues in a block that the manual (docs/cli.md) does not have."""
    found = []
    for command in _COMMAND.findall(text.replace("\\\n", " ")):
        verb, *words = command.split()
        while words and f"\n## {verb} {words[0]}\n" in manual:
            verb = f"{verb} {words.pop(0)}"
        section = manual.partition(f"\n## {verb}\n")[2].partition("\n## ")[0]
        if verb == "natsvalues" and words and not words[0].startswith("-"):
            found.append(f"{verb} {words[0]}")
        options = {word.partition("=")[0] for word in words if word.startswith("-")} - {"-"}
        options -= HELM_OPTIONS if verb == "natsvalues diff" else set()
        known = set(re.findall(r"(?<![\w-])--?\w[\w-]*", section))
        found += [f"{verb} {option}" for option in sorted(options - known)]
    return found


def page(path: str) -> str:
    """The text of a page, by its path in the checkout."""
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()
