"""The frame of every HTML page: one look, one policy, one escape; it asks the network for nothing.

A page is whole without scripts, and follows the reader's scheme, width and printer. Its own policy lets nothing run or
load but the style and the script whose hashes it states, so it has no `style` attributes.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape
from typing import TYPE_CHECKING

from natsvalues.records import NamedTuple
from natsvalues.report.diff_values import spans, visible
from natsvalues.report.palette import style, variables

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_TONES = {"note": "notice"}


class Page(NamedTuple):
    """A page. `command` is what printed it; `tone` a class of page.css; `head` and `main` are lines of HTML.

    In a title, what stands between backticks is code; `lead` follows it in the heading. `styles` are more stylesheets
    of `page/`, by name.
    """

    command: str
    title: str
    main: tuple[str, ...]
    lead: str = ""
    tone: str = "plain"
    head: tuple[str, ...] = ()
    between: tuple[str, ...] = ()
    """Between header and main: controls."""
    styles: tuple[str, ...] = ()
    script: str = ""


def written(page: Page) -> str:
    """The whole page, UTF-8 when written."""
    css = "".join([variables(":root"), *map(style, ("page", *page.styles))])
    scripts = f"; script-src {_hash(page.script)}" if page.script else ""
    policy = f"default-src 'none'; style-src {_hash(css)}{scripts}; base-uri 'none'; form-action 'none'"
    lead = f"<span>{text(page.lead)}</span>" if page.lead else ""
    title = text("; ".join(filter(None, (page.title.replace("`", ""), page.lead))))
    lines = [
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{title}</title>",
        f"<style>{css}</style>\n</head>\n<body>",
        '<a class="skip" href="#content">Skip to the content</a>',
        f'<header class="{page.tone}">\n<p class="brand">{text(page.command)}</p>',
        f"<h1>{prose(page.title)}{lead}</h1>",
        *page.head,
        "</header>",
        *page.between,
        '<main id="content" tabindex="-1">',
        *page.main,
        "</main>",
        f"<script>{page.script}</script>" if page.script else "",
        "</body>\n</html>\n",
    ]
    return "\n".join(filter(None, lines))


def _hash(content: str) -> str:
    return f"'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'"


def text(content: str) -> str:
    """Any text as HTML: no character of it is markup, and none is invisible."""
    return escape(visible(content))


def prose(content: str) -> str:
    """A sentence; what stands between backticks is code, and its lines stay lines."""
    return "".join(
        f"<code>{text(piece)}</code>" if is_code else "<br>".join(map(text, piece.split("\n")))
        for is_code, piece in spans(content)
    )


def tone_of(severity: str) -> str:
    """The class of a severity or a level; plain for none."""
    return _TONES.get(severity, severity) or "plain"


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]], *, wide: bool = False) -> str:
    """A table; captions and heads are texts, cells HTML, the first of each row its heading.

    On a phone each row becomes a block (its roles keep it a table for screen readers) whose cells say their heads,
    where there are several; or, if it is `wide`, it scrolls in a box of its own.
    """
    titles = "".join(f'<th scope="col" role="columnheader">{text(head)}</th>' for head in heads)
    lines = [
        f'<table class="{"wide" if wide else "stacked"}" role="table"><caption>{text(caption)}</caption>',
        f'<thead role="rowgroup"><tr role="row">{titles}</tr></thead>\n<tbody role="rowgroup">',
    ]
    for first, *others in rows:
        named = [f' data-head="{text(head)}"' if len(others) > 1 else "" for head in heads[1:]]
        cells = "".join(f'<td role="cell"{name}>{cell}</td>' for name, cell in zip(named, others, strict=True))
        lines.append(f'<tr role="row"><th scope="row" role="rowheader">{first}</th>{cells}</tr>')
    lines.append("</tbody></table>")
    return scrolling(caption, "\n".join(lines)) if wide else "\n".join(lines)


def scrolling(label: str, content: str) -> str:
    """A box that scrolls sideways, also with the keyboard."""
    return f'<div class="scroll" role="region" aria-label="{text(label)}" tabindex="0">\n{content}</div>'
