"""The layout around a part of a configuration: its lines, its terminator, the style of its siblings."""

from __future__ import annotations

import re

from natsvalues.records import NamedTuple
from natsvalues.text.natsconf.nodes import Conf, ConfArray, ConfMap, Entry, Include, Node, Scalar
from natsvalues.text.natsconf.writer import Style, array_terminator, style_of
from natsvalues.text.spans import Edit, Span

_TERMINATOR = re.compile(r"[ \t]*([,;])")
_COMMENT = re.compile(r"[ \t]*(?:(?:#|//)[^\r\n]*)?")
_MARGIN = re.compile(r"[ \t]*")
_LINE_END = re.compile(r"\r\n|[\r\n]|\Z")

Part = Entry | Include | Node


class Place(NamedTuple):
    """A container, last of the `chain` that leads to it from the root, and how its parts are laid out.

    `inline`: its parts share one line. `within_inline`: so do those of the container around it.
    """

    conf: Conf
    chain: tuple[ConfMap | ConfArray, ...]
    style: Style
    inline: bool
    within_inline: bool

    @property
    def container(self) -> ConfMap | ConfArray:
        """The container itself."""
        return self.chain[-1]

    @property
    def parts(self) -> tuple[Part, ...]:
        """Its entries and includes, or its items."""
        return parts_of(self.container)

    def inner_margin(self) -> str:
        """Return the white space before a part that begins a line."""
        text = self.conf.text
        for part in reversed(self.parts):
            if begins_line(text, part.span.start):
                return margin(text, part.span.start)
        if isinstance(self.container, ConfMap) and not self.container.braced:
            return ""
        return margin(text, self.container.span.start) + self.style.indent


def place_of(conf: Conf, chain: tuple[ConfMap | ConfArray, ...]) -> Place:
    """Look at the layout of the innermost container of `chain`."""
    inline = within = False
    for container in chain:
        within = inline
        inline = on_one_line(conf.text, container) and bool(within or parts_of(container))
    style = style_of(conf, chain)
    if isinstance(chain[-1], ConfArray):
        style = style._replace(terminator=array_terminator(conf.text, chain[-1], style))
    return Place(conf, chain, style, inline, within)


def parts_of(container: ConfMap | ConfArray) -> tuple[Part, ...]:
    """Entries and includes of a map, items of an array."""
    return container.items if isinstance(container, ConfArray) else container.entries


def on_one_line(text: str, node: Node) -> bool:
    """Whether a container with brackets has both on one line."""
    if isinstance(node, Scalar) or (isinstance(node, ConfMap) and not node.braced):
        return False
    return _LINE_END.search(text, *node.span).start() == node.span.end  # type: ignore[union-attr] # \Z matches


def inside(text: str, container: ConfMap | ConfArray) -> Span:
    """Return what is between the brackets; a brace never closed around a file reaches to its end."""
    start, end = container.span
    if isinstance(container, ConfMap) and not container.braced:
        return container.span
    closing = "]" if isinstance(container, ConfArray) else "}"
    return Span(start + 1, end - 1 if text[end - 1] == closing and end - start > 1 else end)


def line_start(text: str, at: int) -> int:
    """Find the first character of the line of `at`."""
    return max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1


def begins_line(text: str, at: int) -> bool:
    """Whether only white space precedes `at` on its line."""
    return not text[line_start(text, at) : at].strip(" \t")


def line_end(text: str, at: int) -> Span | None:
    """Return the line end at `at`, empty at the end of the text; None if something else is there."""
    match = _LINE_END.match(text, at)
    return Span(*match.span()) if match else None


def margin(text: str, at: int) -> str:
    """Return the white space at the beginning of the line of `at`."""
    match = _MARGIN.match(text, line_start(text, at))
    return match[0] if match else ""


def terminator_behind(text: str, part: Part) -> Span:
    """Find the `,` or `;` behind a part; empty, directly behind it, if there is none."""
    match = _TERMINATOR.match(text, part.span.end)
    return Span(*match.span(1)) if match else Span(part.span.end, part.span.end)


def is_empty(part: Part) -> bool:
    """Whether the value has no characters: such a one ends only at a terminator or the end of the text."""
    return isinstance(part, Entry) and part.value.span.start == part.value.span.end


def comment_end(text: str, at: int) -> int:
    """Where the comment ends that follows `at` on the same line; behind the blanks if there is none."""
    match = _COMMENT.match(text, at)
    return match.end() if match else at


def put(at: int, text: str) -> Edit:
    """Insert `text` at `at`."""
    return Edit(Span(at, at), text)
