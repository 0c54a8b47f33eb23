"""Every error a user can meet, and the exit codes.

An error says what was found, where (file, line, field), and what to do. It never carries a secret: values
are quoted only from overlays and from structure (names, kinds, keys), never from Secret data or passwords.
"""

from __future__ import annotations

from natsvalues.records import NamedTuple

EXIT_OK = 0
EXIT_ERROR = 1
EXIT_DIFFERENCES = 2
EXIT_BUG = 3
EXIT_GATE = 4
EXIT_NOT_CONVERGED = 5
EXIT_INTERRUPTED = 130


class Where(NamedTuple):
    """A place a person can open: a file, and what is known of line, column (both from 1) and field."""

    file: str
    line: int | None = None
    column: int | None = None
    field: str | None = None

    def __str__(self) -> str:
        place = self.file
        if self.line is not None:
            place += f":{self.line}"
            if self.column is not None:
                place += f":{self.column}"
        return f"{place}: {self.field}" if self.field else place


class NatsvaluesError(Exception):
    """An expected failure: `code` is stable, `where` may name several places, `hint` says what to do."""

    exit_code = EXIT_ERROR

    def __init__(self, code: str, message: str, *, where: tuple[Where, ...] = (), hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        lines = [f"error[{self.code}]: {self.message}"]
        lines += [f" --> {place}" for place in self.where]
        if self.hint:
            lines += ["help: " + self.hint.replace("\n", "\n      ")]
        return "\n".join(lines)


class ManyErrors(NatsvaluesError):
    """Several independent errors that are reported together, so that a user can fix all of them."""

    def __init__(self, errors: tuple[NatsvaluesError, ...]) -> None:
        super().__init__(errors[0].code, f"{len(errors)} errors")
        self.errors = errors

    def __str__(self) -> str:
        return "\n\n".join(str(error) for error in self.errors)


REPORT_IT = "a bug of natsvalues: please report it, with the overlay and the rendering"


class InternalError(NatsvaluesError):
    """Our own bug: a check of our own output failed. Nothing was emitted."""

    exit_code = EXIT_BUG

    def __init__(self, code: str, message: str, *, hint: str = REPORT_IT) -> None:
        super().__init__(code, message, hint=hint)


def raise_all(errors: list[NatsvaluesError]) -> None:
    """Raise what was collected: nothing, the one error, or all of them together."""
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise ManyErrors(tuple(errors))
