"""A diff without its secrets: each is replaced by a digest with a key of this run, which tells only same or changed.

The key is random and never kept, so that a digest says nothing of a secret that could be guessed. Its length is
always the same.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from natsvalues.report.plain_values import plain
from natsvalues.report.redaction import Place, conf_secrets, kind_of_name, redacted
from natsvalues.text.natsconf import ConfSyntaxError, read, tokenize
from natsvalues.text.natsconf.tokens import GAP
from natsvalues.text.paths import Item
from natsvalues.text.scalars import double_quoted
from natsvalues.text.secrets import Hiding, Mark, without_formats, without_secrets
from natsvalues.text.spans import Edit, Span, splice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.diff.changes import Change, Impact, ObjectDiff, ReleaseDiff
    from natsvalues.text.paths import Path

DIGITS = 8


def keyed(key: bytes) -> Mark:
    """The mark of one run: `(redacted password 3f9a2c41)`."""

    def mark(secret: Any, kind: str) -> str:
        import hashlib  # these load OpenSSL, 4 ms, and few releases differ in a secret
        import hmac

        text = json.dumps(plain(secret), sort_keys=True, default=str)
        return f"(redacted {kind} {hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:DIGITS]})"

    return mark


def redacted_diff(diff: ReleaseDiff, mark: Mark, *, whole: bool) -> ReleaseDiff:
    """The diff as reports may have it. Whole objects on both sides only if `whole`; else where they came or went."""
    how = Hiding(mark, diff.variables)
    return diff._replace(
        objects=tuple(_object(item, how, whole=whole) for item in diff.objects),
        drift=tuple(_object(item, how, whole=False) for item in diff.drift),
        values=tuple(_change(change, "", how) for change in diff.values),
        notes=tuple(
            note._replace(message=without_formats(note.message, how), remedy=without_formats(note.remedy, how))
            for note in diff.notes
        ),
    )


def _object(item: ObjectDiff, how: Hiding, *, whole: bool) -> ObjectDiff:
    kept = whole or item.op in ("add", "remove")
    return item._replace(
        before=redacted_object(item.before, how) if kept and item.before is not None else None,
        after=redacted_object(item.after, how) if kept and item.after is not None else None,
        changes=tuple(_change(change, item.key.kind, how) for change in item.changes),
        impact=_impact(item.impact, how),
    )


def _impact(impact: Impact, how: Hiding) -> Impact:
    return impact._replace(reason=without_formats(impact.reason, how), remedy=without_formats(impact.remedy, how))


def redacted_object(value: dict[str, Any], how: Hiding) -> dict[str, Any]:
    """A whole object; configuration files in a ConfigMap keep everything but their secrets."""
    kind = str(value.get("kind", ""))
    data = value.get("data")
    files = {key: text for key, text in data.items() if _is_conf(key, text)} if isinstance(data, dict) else {}
    if kind != "ConfigMap" or not isinstance(data, dict) or not files:
        whole: dict[str, Any] = redacted(value, "", kind, how)
        return whole
    rest = redacted({**value, "data": {key: item for key, item in data.items() if key not in files}}, "", kind, how)
    shown = {key: conf_text(data[key], how) if key in files else rest["data"][key] for key in data}
    return {**rest, "data": shown}


def _change(change: Change, kind: str, how: Hiding) -> Change:
    path = change.path
    sides = (change.before, change.after)
    if kind == "ConfigMap" and not change.file and len(change.path) == 2 and change.path[0] == "data":  # noqa: PLR2004 - data and its key
        texts = [
            conf_text(side, how) if _is_conf(change.path[1], side) else redacted(side, path, kind, how)
            for side in sides
        ]
    else:
        kind = "" if change.file else kind
        texts = [redacted(side, path, kind, how, named=change.named) for side in sides]
    return change._replace(
        path=tuple(_shown_path(change.path, how)), before=texts[0], after=texts[1], impact=_impact(change.impact, how)
    )


def _shown_path(path: Path, how: Hiding) -> Iterator[str | int | Item]:
    """A path in which an item whose name is a secret, or a URL with one, is called by its mark."""
    kind = ""
    for part in path:
        if isinstance(part, Item) and isinstance(part.value, str):
            yield Item(part.key, how.mark(part.value, kind) if kind else without_secrets(part.value, how))
        elif isinstance(part, str):
            yield without_formats(part, how)
            kind = kind or kind_of_name(part, how)
        else:
            yield part


def _is_conf(key: Any, text: Any) -> bool:
    return isinstance(text, str) and str(key).endswith(".conf")


def conf_text(text: str, how: Hiding) -> str:
    """The text of a configuration file with its secrets replaced, comments too; hidden whole if it cannot be read."""
    try:
        conf = read(text)
        tokens = tokenize(text)
    except ConfSyntaxError:
        return how.mark(text, "secret")
    edits = [Edit(span, double_quoted(shown)) for span, shown in conf_secrets(conf.root, Place(), how)]
    for token in tokens:
        if token.kind is GAP:
            gap = text[token.start : token.end]
            if without_secrets(gap, how) != gap:
                edits.append(Edit(Span(token.start, token.end), f"\n# {how.mark(gap, 'secret')}\n"))
    return splice(text, edits)
