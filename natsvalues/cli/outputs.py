"""Where reports go: standard output, or files."""

from __future__ import annotations

import contextlib
import os

from natsvalues.cli.streams import write_output
from natsvalues.errors import NatsvaluesError, Where
from natsvalues.records import NamedTuple
from natsvalues.text.reading import nearest


def outputs(formats: tuple[str, ...], known: tuple[str, ...]) -> list[tuple[str, str | None]]:
    """Name and file of each `NAME[=FILE]`; None is standard output, for one report only. Raises NatsvaluesError."""
    reports: list[tuple[str, str | None]] = []
    for text in formats:
        name, _, file = text.partition("=")
        require_known("--output", name, known)
        reports.append((name, None if file in ("", "-") else file))
    if sum(file is None for _, file in reports) > 1:
        raise NatsvaluesError(
            "NV-L009",
            "only one report can go to standard output",
            hint=f"write the others to files: -o {reports[0][0]} -o {reports[1][0]}=FILE",
        )
    return reports


def require_known(option: str, word: str, known: tuple[str, ...]) -> None:
    """Raise NatsvaluesError for a value that an option does not accept, with the nearest one that it does."""
    if word not in known:
        hint = nearest(word, known) or "one of " + ", ".join(known)
        raise NatsvaluesError("NV-L009", f"`{word}` is not a value of {option}", hint=hint)


class Output(NamedTuple):
    """A finished report; `file` is None for standard output."""

    file: str | None
    text: str


def write(finished: list[Output]) -> None:
    """Write the files, all or none, then standard output. Raises NatsvaluesError if a file cannot be written."""
    written: list[tuple[str, str]] = []
    try:
        for output in finished:
            if output.file is not None:
                written.append((_beside(output.file, output.text), output.file))  # noqa: PERF401  # known if the next fails
        for temporary, file in written:
            _replace(temporary, file)
    except BaseException:
        for temporary, _ in written:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
        raise
    write_output("".join(output.text for output in finished if output.file is None))


def _beside(path: str, text: str) -> str:
    """Write a text to a temporary file beside `path`, and return its name: renaming it replaces the file at once."""
    temporary = f"{path}.{os.getpid()}"
    try:
        with open(temporary, "w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            file.write(text)
    except OSError as error:
        raise unwritable(path, str(error.strerror)) from None
    return temporary


def _replace(temporary: str, file: str) -> None:
    try:
        os.replace(temporary, file)
    except OSError as error:  # such as a folder of that name
        raise unwritable(file, str(error.strerror)) from None


def make_folder(path: str) -> None:
    """Create a folder and those above it, unless it exists. Raises NatsvaluesError if that is not possible."""
    try:
        os.makedirs(path, exist_ok=True)
    except OSError as error:
        raise unwritable(path, str(error.strerror)) from None


def unwritable(path: str, reason: str) -> NatsvaluesError:
    """The error for a file that cannot be written."""
    return NatsvaluesError(
        "NV-S005", f"cannot write the file: {reason}", where=(Where(path),),
        hint="use a folder that exists and is writable",
    )  # fmt: skip
