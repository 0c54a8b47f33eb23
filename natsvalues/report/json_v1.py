"""Reports as JSON, format 1. A change of meaning gets a new module; the types inside may change freely."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.report.plain_values import plain
from natsvalues.report.redaction import redacted

if TYPE_CHECKING:
    from natsvalues.errors import NatsvaluesError, Where
    from natsvalues.overlays.patches import Notice, Receipt


def place(where: Where) -> dict[str, Any]:
    """A place: file, line and column from 1, field."""
    return {name: item for name, item in where._asdict().items() if item is not None}


def problem(error: NatsvaluesError) -> dict[str, Any]:
    """An error: code, message, places, remedy."""
    where = [place(item) for item in error.where]
    return {"code": error.code, "message": error.message, "where": where, "help": error.hint}


def notice(item: Notice) -> dict[str, Any]:
    """A warning or a note."""
    where = [place(entry) for entry in item.where]
    return {"level": item.level, "message": item.message, "where": where, "help": item.hint}


def change(receipt: Receipt) -> dict[str, Any]:
    """One change: object, path (inside the file `file` of its data if that is set), before, after, why."""
    return {
        "object": receipt.target._asdict(),
        "file": receipt.file or None,
        "op": receipt.op,
        "path": receipt.path,
        "before": plain(redacted(receipt.before, receipt.path, receipt.target.kind)),
        "after": plain(redacted(receipt.after, receipt.path, receipt.target.kind)),
        "line": receipt.line,
        "rule": receipt.rule,
        "why": receipt.why,
        "source": receipt.source or None,
    }
