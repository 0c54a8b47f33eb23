"""Reports as JSON, format 1. A change of meaning gets a new module; the types inside may change freely."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.report.plain_values import plain
from natsvalues.report.redaction import redacted
from natsvalues.text.secret_variables import secret_variables
from natsvalues.text.secrets import Hiding, without_formats

if TYPE_CHECKING:
    from natsvalues.errors import NatsvaluesError, Where
    from natsvalues.overlays.patches import Notice, Receipt
    from natsvalues.overlays.pipeline import Result


def place(where: Where) -> dict[str, Any]:
    """A place: file, line and column from 1, field."""
    fields = {name: item for name, item in where._asdict().items() if item is not None}
    return {name: without_formats(item) if isinstance(item, str) else item for name, item in fields.items()}


def problem(error: NatsvaluesError) -> dict[str, Any]:
    """An error: code, message, places, remedy."""
    return {"code": error.code, **_message(error.message, error.where, error.hint)}


def notice(item: Notice) -> dict[str, Any]:
    """A warning or a note."""
    return {"level": item.level, **_message(item.message, item.where, item.hint)}


def _message(message: str, where: tuple[Where, ...], hint: str) -> dict[str, Any]:
    places = [place(item) for item in where]
    return {"message": without_formats(message), "where": places, "help": without_formats(hint)}


def changes(result: Result) -> list[dict[str, Any]]:
    """Every change: object, path (inside the file `file` of its data if that is set), before, after, why."""
    texts = (*(chunk.text for chunk in result.release.chunks), result.nats.conf)
    how = Hiding(variables=secret_variables(texts))
    return [_change(receipt, how) for receipt in result.receipts]


def _change(receipt: Receipt, how: Hiding) -> dict[str, Any]:
    return {
        "object": receipt.target._asdict(),
        "file": receipt.file or None,
        "op": receipt.op,
        "path": receipt.path,
        "before": plain(redacted(receipt.before, receipt.path, receipt.target.kind, how)),
        "after": plain(redacted(receipt.after, receipt.path, receipt.target.kind, how)),
        "line": receipt.line,
        "rule": receipt.rule,
        "why": without_formats(receipt.why),
        "source": receipt.source or None,
    }
