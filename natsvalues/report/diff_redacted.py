"""A diff without its secrets: each is replaced by a digest with a key of this run, which tells only same or changed.

The key is random and never kept, so that a digest says nothing of a secret that could be guessed. Its length is
always the same.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from natsvalues.report.plain_values import plain
from natsvalues.report.redaction import Mark, names_a_secret, redacted, without_secrets
from natsvalues.text.natsconf import ConfArray, ConfMap, ConfSyntaxError, Entry, Scalar, read, tokenize
from natsvalues.text.natsconf.tokens import GAP
from natsvalues.text.paths import Item, dotted
from natsvalues.text.scalars import double_quoted
from natsvalues.text.spans import Edit, Span, splice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.diff.changes import Change, ObjectDiff, ReleaseDiff
    from natsvalues.text.paths import Path

DIGITS = 8


def keyed(key: bytes) -> Mark:
    """The mark of one run: `(redacted 3f9a2c41)`."""

    def mark(secret: Any) -> str:
        import hashlib  # these load OpenSSL, 4 ms, and few releases differ in a secret
        import hmac

        text = json.dumps(plain(secret), sort_keys=True, default=str)
        return f"(redacted {hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:DIGITS]})"

    return mark


def redacted_diff(diff: ReleaseDiff, mark: Mark, *, whole: bool) -> ReleaseDiff:
    """The diff as reports may have it. Whole objects on both sides only if `whole`; else where they came or went."""
    return diff._replace(
        objects=tuple(_object(item, mark, whole=whole) for item in diff.objects),
        drift=tuple(_object(item, mark, whole=False) for item in diff.drift),
        values=tuple(_change(change, "", mark) for change in diff.values),
    )


def _object(item: ObjectDiff, mark: Mark, *, whole: bool) -> ObjectDiff:
    kept = whole or item.op in ("add", "remove")
    return item._replace(
        before=redacted_object(item.before, mark) if kept and item.before is not None else None,
        after=redacted_object(item.after, mark) if kept and item.after is not None else None,
        changes=tuple(_change(change, item.key.kind, mark) for change in item.changes),
    )


def redacted_object(value: dict[str, Any], mark: Mark) -> dict[str, Any]:
    """A whole object; configuration files in a ConfigMap keep everything but their secrets."""
    kind = str(value.get("kind", ""))
    data = value.get("data")
    files = {key: text for key, text in data.items() if _is_conf(key, text)} if isinstance(data, dict) else {}
    if kind != "ConfigMap" or not isinstance(data, dict) or not files:
        whole: dict[str, Any] = redacted(value, "", kind, mark)
        return whole
    rest = redacted({**value, "data": {key: item for key, item in data.items() if key not in files}}, "", kind, mark)
    shown = {key: conf_text(data[key], mark) if key in files else rest["data"][key] for key in data}
    return {**rest, "data": shown}


def _change(change: Change, kind: str, mark: Mark) -> Change:
    path = dotted(change.path)
    sides = (change.before, change.after)
    if kind == "ConfigMap" and not change.file and len(change.path) == 2 and change.path[0] == "data":  # noqa: PLR2004 - data and its key
        texts = [
            conf_text(side, mark) if _is_conf(change.path[1], side) else redacted(side, path, kind, mark)
            for side in sides
        ]
    else:
        kind = "" if change.file else kind
        texts = [redacted(side, path, kind, mark, named=change.named) for side in sides]
    return change._replace(path=tuple(_parts(change.path, mark)), before=texts[0], after=texts[1])


def _parts(path: Path, mark: Mark) -> Iterator[str | int | Item]:
    """A path in which an item whose name is a secret, or a URL with one, is called by its mark."""
    hide = False
    for part in path:
        if isinstance(part, Item) and isinstance(part.value, str):
            yield Item(part.key, mark(part.value) if hide else without_secrets(part.value, mark))
        else:
            yield part
        hide = hide or (isinstance(part, str) and names_a_secret(part))


def _is_conf(key: Any, text: Any) -> bool:
    return isinstance(text, str) and str(key).endswith(".conf")


def conf_text(text: str, mark: Mark) -> str:
    """The text of a configuration file with its secrets replaced, comments too; hidden whole if it cannot be read."""
    try:
        conf = read(text)
        tokens = tokenize(text)
    except ConfSyntaxError:
        return mark(text)
    edits = [Edit(span, double_quoted(shown)) for span, shown in _secrets(conf.root, "", mark)]
    for token in tokens:
        if token.kind is GAP:
            gap = text[token.start : token.end]
            shown = without_secrets(gap, mark)
            if shown != gap:
                edits.append(Edit(Span(token.start, token.end), f"\n# {mark(gap)}\n"))
    return splice(text, edits)


def _secrets(node: Any, path: str, mark: Mark) -> Iterator[tuple[Span, str]]:
    """The spans of scalars that are secret, or hold one, with what is shown in their place."""
    if isinstance(node, ConfMap):
        for entry in node.entries:
            if isinstance(entry, Entry):
                yield from _secrets(entry.value, f"{path}.{entry.key}".lstrip("."), mark)
    elif isinstance(node, ConfArray):
        for index, item in enumerate(node.items):
            yield from _secrets(item, f"{path}[{index}]", mark)
    elif isinstance(node, Scalar) and node.kind != "variable":
        shown = redacted(node.value, path, "", mark)
        if shown != node.value:
            yield node.span, str(shown)
