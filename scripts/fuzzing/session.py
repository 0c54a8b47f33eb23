"""Try texts of one target, in batches that the judge answers; count, and make every difference as small as it gets."""

from __future__ import annotations

import time
import traceback
from typing import TYPE_CHECKING, Any, NamedTuple

from fuzzing.judge import REFUSED
from fuzzing.mutation import parts
from fuzzing.target import Difference

if TYPE_CHECKING:
    from collections.abc import Callable

    from fuzzing.judge import Judge
    from fuzzing.target import Asked, Target

BATCH = 300
_SECONDS_TO_SHRINK = 20


class Result(NamedTuple):
    """A text on which natsvalues and its judge differ, the smallest one with a difference, and what it is."""

    text: str
    why: str


class Session:
    """The trials of one target. `sound` gets each text that its judge, too, reads without an error."""

    def __init__(self, target: Target, judge: Judge, sound: Callable[[str], None] | None = None) -> None:
        self.target = target
        self.judge = judge
        self.sound = sound
        self.executions = 0
        self.read = 0
        self.differences: list[Result] = []
        self._waiting: list[tuple[str, Asked]] = []

    def add(self, text: str) -> None:
        """Try one text; the judge is asked when there are many."""
        self.executions += 1
        asked, why = self._tried(text)
        if why:
            self._note(text, why)
        elif asked is not None:
            self._waiting.append((text, asked))
            if len(self._waiting) >= BATCH:
                self.ask()
        elif self.target.alone:
            self.read += 1
            self._keep(text)

    def ask(self) -> None:
        """Let the judge answer what is waiting."""
        waiting, self._waiting = self._waiting, []
        answers = self.judge.answers([asked.question for _, asked in waiting])
        for (text, asked), theirs in zip(waiting, answers, strict=True):
            self.read += theirs is not REFUSED
            if not self.target.agrees(asked.ours, theirs):
                self._note(text, said(asked, theirs))
            elif theirs is not REFUSED:
                self._keep(text)

    def _keep(self, text: str) -> None:
        if self.sound is not None:
            self.sound(text)

    def _tried(self, text: str) -> tuple[Asked | None, str]:
        try:
            return self.target.trial(text), ""
        except Difference as difference:
            return None, str(difference)
        except Exception as error:  # noqa: BLE001 - whatever natsvalues raises that is no error of its own
            place = traceback.extract_tb(error.__traceback__)[-1]
            return None, f"{type(error).__name__} at {place.filename.rpartition('/')[2]}:{place.lineno}"

    def why(self, text: str) -> str:
        """What differs on this text; nothing if all agree."""
        asked, why = self._tried(text)
        if why or asked is None:
            return why
        (theirs,) = self.judge.answers([asked.question])
        return "" if self.target.agrees(asked.ours, theirs) else said(asked, theirs)

    def _note(self, text: str, why: str) -> None:
        text = self._shrunk(text, why)
        self.differences.append(Result(text, self.why(text) or why))

    def _shrunk(self, text: str, why: str) -> str:
        """A smaller text with a difference of the same kind: without lines, then without tokens."""
        end = time.monotonic() + _SECONDS_TO_SHRINK
        kind = why[:25]
        for cut in (lambda given: given.splitlines(keepends=True), parts):
            pieces = cut(text)
            size = max(1, len(pieces) // 2)
            while size and time.monotonic() < end:
                at = 0
                while at < len(pieces) and time.monotonic() < end:
                    rest = pieces[:at] + pieces[at + size :]
                    if self.why("".join(rest))[:25] == kind:
                        pieces = rest
                    else:
                        at += size
                size //= 2
            text = "".join(pieces)
        return text


def said(asked: Asked, theirs: Any) -> str:
    """What both make of a text."""
    ours, other = ("refused" if value is REFUSED else repr(value) for value in (asked.ours, theirs))
    return f"natsvalues: {ours}; judge: {other}; asked: {asked.question!r}"
