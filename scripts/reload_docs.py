"""The page docs/reload.md, made from the reload table; `reference_docs.py` writes and checks it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.manifests.reload_effect import REASONS, source
from natsvalues.manifests.reload_table import FIRST, ROWS, RUN_ON

if TYPE_CHECKING:
    from natsvalues.manifests.reload_table import Row
    from natsvalues.manifests.server import Release

BLOCKS = ("cluster", "gateway", "leafnodes", "jetstream", "websocket", "mqtt")
KINDS = {"inside": "a part of it", "came": "added with its block", "went": "removed with its block"}
HEAD = """\
# Effects of a reload

<!-- Written by scripts/reference_docs.py from natsvalues/manifests/reload_table.py: change that. -->

nats-server reads its configuration again on SIGHUP (`nats-server --signal reload`, the chart's reloader). **One
refused setting refuses the whole file**: the server logs `Failed to reload server configuration` and continues with
the complete old one; the caller gets no error. A change that a server does not list is refused. A restart applies
everything.

| Outcome | Meaning |
| --- | --- |
"""
MIDDLE = """
The tests check the rules on real servers: {versions}.
*All* versions means 2.10 and newer, as far as they know the setting; first versions between the tested ones
are from the server's source code. *Known by*: `run`: tested, with its effect; `accepted`: tested, its effect read in
`server/reload.go`; `read`: read there only. [Other spellings](configuration.md) of keys are the same.
Of several rules for a setting the first that fits applies; a rule for a block applies to all settings in it without a
rule of their own.
"""


def page() -> str:
    """The whole page."""
    outcomes = "".join(f"| {outcome} | {reason.capitalize()}. |\n" for outcome, reason in REASONS.items())
    parts = [HEAD, outcomes, MIDDLE.format(versions=", ".join(map(dotted, RUN_ON)))]
    for block in ("", *BLOCKS):
        parts.append(f"\n## {f'`{block}`' if block else 'The server and its clients'}\n\n")
        parts.append(
            "| Setting | Change | Outcome | Versions | Known by | Note |\n| --- | --- | --- | --- | --- | --- |\n"
        )
        parts += [line(row) for row in ROWS if section(row) == block]
    return "".join(parts)


def line(row: Row) -> str:
    """A rule as a row of the page."""
    known = "run" if source(row).startswith("run on") else "accepted" if "run" in row.source else "read"
    change = ", ".join(KINDS.get(kind, kind) for kind in row.when.split()) or "any"
    return f"| `{row.path}` | {change} | {row.outcome} | {versions(row)} | {known} | {row.note} |\n"


def section(row: Row) -> str:
    """The block that a rule is about, if it has a section of its own."""
    block = row.path.partition(".")[0]
    return block if block in BLOCKS else ""


def versions(row: Row) -> str:
    """The versions of a rule in words."""
    since = f"from {dotted(row.since)}" if row.since != FIRST else ""
    before = f"before {dotted(row.before)}" if row.before else ""
    return ", ".join(filter(None, (since, before))) or "all"


def dotted(release: Release) -> str:
    """A version as people write it."""
    return ".".join(map(str, release))
