"""docs/fuzzing.md: the runs in the records, and what people wrote under them, which stays."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from fuzzing.judge import ROOT, SERVER, YAML_PACKAGE
from fuzzing.targets import TARGETS

if TYPE_CHECKING:
    from collections.abc import Iterable

PAGE = os.path.join(ROOT, "docs", "fuzzing.md")
KEPT = "## What it found"
"""The heading from which on the page is written by hand."""
HEAD = f"""# Fuzzing

<!-- Written by scripts/fuzz.py --page from its records, except the last section. -->

`python scripts/fuzz.py` invents texts and compares what natsvalues makes of each with Go's own readers, which run in
one process (`scripts/fuzzing/go`): the parser of nats-server for `nats.conf`, with its includes and variables, and the
reader of YAML that Kubernetes and Helm have ({YAML_PACKAGE}), whole streams with the one that kubectl cuts them by. A
text is pieced together from fragments of the language, or is a sound one (of the tests, of stored renderings) damaged
in a few places. Nothing is left out: tags, keys that are numbers, `.inf`, byte order marks and `---x` come up, too.

Where natsvalues refuses what Go reads, it does so on purpose (`STRICTER` in the scripts): a byte order mark that would
become a part of a key, a quote that is open at the end of a file, two keys that are one in JSON, what stands behind the
first document of a text, a marker with more than a comment behind it.

| Command | What it does |
| --- | --- |
| `scripts/test tests/fuzz` | some seconds of every target, with another seed in each run; every text of the corpus |
| `python scripts/fuzz.py --seconds 3600` | every target for ten minutes |
| `python scripts/fuzz.py --targets yaml --guided` | one target, with texts that atheris chooses by what they reach |
| `python scripts/fuzz.py --targets conf --seed 7` | repeats a run |

Atheris is imported by `--guided` alone, and no part of the development tools: it has wheels for some Pythons on Linux
on x86-64 only, and CI must install everywhere. `pip install .[fuzz]` adds it. All runs go on for their time, make each
difference as small as it gets, and end with exit code 1 if there was one.
"""


def write_page(records: str) -> None:
    """Write the page with the tables of a file of records."""
    with open(records, encoding="utf-8") as file:
        runs = [json.loads(line) for line in file]
    with open(PAGE, encoding="utf-8") as file:
        _, heading, by_hand = file.read().partition(KEPT)
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(f"{HEAD}\n{tables(runs)}\n{heading or KEPT}{by_hand or chr(10)}")


def tables(runs: list[dict[str, Any]]) -> str:
    """The executions of each target, with the versions that judged."""
    dates = sorted({run["date"] for run in runs})
    servers = sorted({run["versions"][SERVER] for run in runs})
    readers = sorted({run["versions"][YAML_PACKAGE] for run in runs})
    total = sum(run["executions"] for run in runs)
    lines = [
        "## Results",
        "",
        f"{total:,} executions; {' to '.join(dict.fromkeys((dates[0], dates[-1])))}; nats-server {', '.join(servers)},",
        f"{YAML_PACKAGE} {', '.join(readers)}. Read: by Go as well, without an error.",
        "",
        "| Target | What is compared | Texts chosen | Runs | Executions | Read | Differences |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: |",
    ]
    for name, target in TARGETS.items():
        for way in ("random", "guided"):
            own = [run for run in runs if run["target"] == name and run["way"] == way]
            if own:
                numbers = [_sum(own, field) for field in ("executions", "read", "differences")]
                lines.append(f"| {name} | {target.about} | {way} | {len(own)} | {' | '.join(numbers)} |")
    return "\n".join(lines) + "\n"


def _sum(runs: Iterable[dict[str, Any]], field: str) -> str:
    return f"{sum(run[field] for run in runs):,}"
