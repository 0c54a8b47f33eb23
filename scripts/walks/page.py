"""docs/walks.md: the tables from the records of walks, and the part that was written by hand, which stays."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING, Any

from walks.git import VERSIONS
from walks.moves import STARTS

if TYPE_CHECKING:
    from collections.abc import Iterable

PAGE = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "docs", "walks.md")
BY_HAND = "## What the walks found\n"
RESULTS = {
    "kept": "no loss was announced, and everything acknowledged is there, in regions that are whole",
    "announced, kept": "a step was taken although its loss was announced, and nothing was lost",
    "announced, lost": "the same, and messages were lost",
    "announced, stopped": "some servers never became whole, and a step before had announced an outage, or worse",
    "LOST": "acknowledged messages are gone, and nothing was said",
    "STUCK": "some servers never became whole, or a stream cannot be reached, and nothing was said",
    "failed": "the walk itself failed",
}
_HEAD = """\
# Random walks of releases

<!-- The tables are written by scripts/check_keeps.py from its records; what the walks found is written by hand. -->

`python scripts/check_keeps.py` walks through releases as people make them, on real servers: stages in any order, a
forgotten post-renderer, the wrong region, rollbacks, more and fewer servers, other names, accounts, domains, scopes,
versions and stores, regions that come and go, restarts and power failures. Before each step natsvalues is asked, as
`post-render --prior` and `diff`; a step that it refuses or calls a loss is mostly not taken. A publisher counts what
streams with one replica and with three acknowledge. Kubernetes is simulated (StatefulSet, kubelet, volumes, load
balancers; probes 20 times faster), the servers are real. Names of walks are their seeds: `--only SEED` repeats one, and
elections stay random.

"""


def write_page(records: list[dict[str, Any]]) -> None:
    """Write the page."""
    by_hand = BY_HAND + "\nNothing yet.\n"
    if os.path.exists(PAGE):
        with open(PAGE, encoding="utf-8") as file:
            _, found, kept = file.read().partition(BY_HAND)
            by_hand = found + kept if found else by_hand
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(_HEAD + tables(records) + by_hand)


def tables(records: list[dict[str, Any]]) -> str:
    """What became of the walks, by starting point and by the version at the start; and of their steps."""
    words = [word for word in RESULTS if any(record["result"] == word for record in records)]
    steps = Counter(step["word"] for record in records for step in record.get("steps", ()))
    parts = [
        f"## Results\n\n{len(records)} walks.\n",
        f"Their steps: {steps['done']} taken, {steps['refused']} refused by post-render,\n",
        f"{steps['not done']} not taken because a loss was announced or the API server refuses them.\n\n",
        _table("Starting point", words, ((name, _where(records, "start", name)) for name in STARTS)),
        _table("Version at the start", words, ((name, _where(records, "version", name)) for name in VERSIONS)),
        *(f"- {word}: {RESULTS[word]}\n" for word in words),
        "\n",
    ]
    return "".join(parts)


def _where(records: list[dict[str, Any]], field: str, name: str) -> list[dict[str, Any]]:
    return [record for record in records if record.get(field) == name]


def _table(title: str, words: list[str], rows: Iterable[tuple[str, list[dict[str, Any]]]]) -> str:
    lines = [f"| {title} | walks | {' | '.join(words)} |", "| --- |" + " --- |" * (len(words) + 1)]
    for name, records in rows:
        counts = Counter(record["result"] for record in records)
        lines.append(f"| {name} | {len(records)} | {' | '.join(str(counts[word]) for word in words)} |")
    return "\n".join([*lines, "", ""])
