"""What a real nats-server said of a region's configuration, read from what `nats-server -t` printed.

facts, run on nats-server 2.10.26 to 2.15.1: each fault is a line, `FILE:LINE:COLUMN: …`; the first of them, and a fault
without a place, has `nats-server: ` before it. A variable that is not set ends the reading, and so does a file that
cannot be included. `invalid use of field` is a warning of a start, and only `-t` refuses it.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Literal

from natsvalues.manifests.chart import joined
from natsvalues.records import NamedTuple
from natsvalues.text.natsconf import read
from natsvalues.text.natsconf.positions import Position, at_line, positions
from natsvalues.text.secrets import without_secrets

if TYPE_CHECKING:
    from collections.abc import Mapping

_PROGRAM = "nats-server: "
_PLACED = re.compile(r"(?P<file>/.*?):(?P<line>\d+):(?P<column>\d+): (?P<words>.*)")
_INCLUDED = re.compile(r"error parsing include file '(?P<file>[^']*)', ")
_VARIABLE = re.compile(r"variable reference for '(?P<name>.*)' on line (?P<line>\d+) can not be found")
_OPENING = re.compile(r"error parsing [A-Za-z_ ]+: ")
_ABSENT = ": no such file or directory"
"""Words that make an assignment of what is none: `error parsing operator JWT: …`, `… op.jwt: no such file …`."""
_ONLY_TESTED = "invalid use of field"


class Guesses(NamedTuple):
    """What a rendering does not have, and was made up: values of variables, and the names of empty files."""

    variables: frozenset[str] = frozenset()
    files: frozenset[str] = frozenset()


NONE = Guesses()


class Read(NamedTuple):
    """What a server read below `root`: the path of its nats.conf, and all files by their paths from its folder."""

    root: str
    config_file: str
    files: Mapping[str, str]

    @property
    def main(self) -> str:
        """The name of nats.conf among the files."""
        return posixpath.basename(self.config_file)


class Refusal(NamedTuple):
    """One fault, in the server's words, without secrets and without the folders of this machine.

    `file` is its path from the folder of nats.conf, empty for the command line; `path` leads to the setting in it, as
    far as known. `by`: as in `check.By`, `test` if the server starts with it. `guessed`: the cause
    may be what was made up.
    """

    words: str
    file: str
    path: tuple[str | int, ...] = ()
    by: Literal["parser", "test"] = "parser"
    guessed: bool = False


class Answer(NamedTuple):
    """What the server of a region's image said. `asked` is the version that ran, empty if none could be asked: `why`.

    `version` is that of the image, and `asked` the nearest one of its minor version where that does not exist. `file`
    and `region` say whose server it is.
    """

    file: str
    region: str
    version: str
    asked: str
    why: str = ""
    refusals: tuple[Refusal, ...] = ()


def refusals(output: str, has: Read, guesses: Guesses = NONE) -> tuple[Refusal, ...]:
    """The faults that a server printed, in an order of ours: its own is random."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    if lines and not lines[0].startswith((_PROGRAM, has.root)):
        return (Refusal(_shown(lines[0], has.root), ""),)  # an unknown option: the usage follows
    faults = {_refusal(line.removeprefix(_PROGRAM), has, guesses) for line in lines}
    return tuple(sorted(faults, key=lambda item: (item.file, [str(part) for part in item.path], item.words)))


def _refusal(line: str, has: Read, guesses: Guesses) -> Refusal:
    placed = _PLACED.fullmatch(line) if line.startswith(has.root) else None
    variable = _VARIABLE.search(line)
    words, file, spot = line, has.main, None
    if placed is not None:
        words, spot = placed["words"], (int(placed["line"]), int(placed["column"]))
        file = posixpath.relpath(placed["file"], posixpath.dirname(has.config_file))
    for path in _INCLUDED.findall(line):
        file = joined(file, path)
    if variable is not None:
        words, spot = f"variable reference for '{variable['name']}' can not be found", (int(variable["line"]), 1)
    if file not in has.files:
        return Refusal(_shown(words, has.root), has.main, guessed=True)
    setting = at_line(read(has.files[file]), *spot) if spot is not None else None
    return Refusal(
        _shown(words, has.root),
        file,
        setting.path if setting is not None else (),
        "test" if words.startswith(_ONLY_TESTED) else "parser",
        bool(guesses.files) if variable is not None else _is_guessed(words, setting, has.files, guesses),
    )


def _is_guessed(words: str, setting: Position | None, files: Mapping[str, str], guesses: Guesses) -> bool:
    """Whether what the rendering does not have may be the cause: a value, a file, or a file that a setting names."""
    if words.endswith(_ABSENT):
        return True
    if setting is None:
        return bool(guesses.variables or guesses.files)
    names = guesses.variables and _leading_to(guesses.variables, files)
    return bool(setting.variables & names)


def _leading_to(variables: frozenset[str], files: Mapping[str, str]) -> frozenset[str]:
    """These variables, and the settings of nats.conf that refer to them and can be referred to in turn."""
    settings = [position for text in files.values() for position in positions(read(text))]
    names: frozenset[str] = frozenset()
    while names != variables:
        names = variables
        variables |= {str(setting.path[-1]) for setting in settings if setting.variables & names}
    return names


def _shown(words: str, root: str) -> str:
    words = words.replace(root, "")
    start = len(match[0]) if (match := _OPENING.match(words)) else 0
    end = len(words.removesuffix(_ABSENT))
    return words[:start] + without_secrets(words[start:end]) + words[end:]
