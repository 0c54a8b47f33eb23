"""What a real nats-server said of a region's configuration, read from what `nats-server -t` printed.

facts, run on nats-server 2.10.26 to 2.15.1: each fault is a line, `FILE:LINE:COLUMN: …`; the first of them, and a fault
without a place, has `nats-server: ` before it. A variable that is not set ends the reading, and so does a file that
cannot be included. `invalid use of field` is a warning of a start, and only `-t` refuses it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

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


class Refusal(NamedTuple):
    """One fault, in the server's words, without secrets and without the folders of this machine.

    `file` is the file of the ConfigMap, empty for the command line; `path` leads to the setting in it, as far as known.
    `by`: as in `check.By`, `test` if the server starts with it. `guessed`: what was made up may be its cause.
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


def refusals(
    output: str, root: str, main: str, files: Mapping[str, str], guesses: Guesses = NONE
) -> tuple[Refusal, ...]:
    """The faults that a server printed, in an order of ours: its own is random.

    `files` are those that it read below `root`, by their name; one is `main`.
    """
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    if lines and not lines[0].startswith((_PROGRAM, root)):
        return (Refusal(_shown(lines[0], root), ""),)  # an unknown option: the usage follows
    found = {_refusal(line.removeprefix(_PROGRAM), root, main, files, guesses) for line in lines}
    return tuple(sorted(found, key=lambda item: (item.file, [str(part) for part in item.path], item.words)))


def _refusal(line: str, root: str, main: str, files: Mapping[str, str], guesses: Guesses) -> Refusal:
    placed = _PLACED.fullmatch(line) if line.startswith(root) else None
    includes = _INCLUDED.findall(line)
    variable = _VARIABLE.search(line)
    words, file, spot = line, main, None
    if placed is not None:
        words, spot = placed["words"], (int(placed["line"]), int(placed["column"]))
        file = placed["file"].rpartition("/")[2]
    elif includes:
        file = includes[-1].rpartition("/")[2]
    if variable is not None:
        words, spot = f"variable reference for '{variable['name']}' can not be found", (int(variable["line"]), 1)
    if file not in files:
        return Refusal(_shown(words, root), main, guessed=True)
    setting = at_line(read(files[file]), *spot) if spot is not None else None
    return Refusal(
        _shown(words, root),
        file,
        setting.path if setting is not None else (),
        "test" if words.startswith(_ONLY_TESTED) else "parser",
        bool(guesses.files) if variable is not None else _is_guessed(words, setting, files, guesses),
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
