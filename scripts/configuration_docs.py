"""The page docs/configuration.md, made from the table of keys and the demands; `reference_docs.py` writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.manifests.conf import language
from natsvalues.manifests.conf.check import NEWEST, meaning
from natsvalues.manifests.conf.demands import DEMANDS

if TYPE_CHECKING:
    from natsvalues.manifests.conf.demand import Demand
    from natsvalues.manifests.server import Release

HEAD = """\
# Keys of nats.conf

<!-- Written by scripts/reference_docs.py from natsvalues/manifests/conf: change that. -->

What stands in a configuration of nats-server, and what the server makes of it: {keys} keys with {names} spellings in
{blocks} blocks, and {demands} demands. *Since* is the first release from 2.10.0 to {newest} that has a key; of
two, the first is a later patch of an older minor version. Without one, 2.10.0 has it. Tests ask nats-server
2.10.26, 2.11.4, 2.11.10, 2.12.8, 2.14.2, 2.14.6 and 2.15.1 about each line, and
`python scripts/check_configurations.py` compares both on [random configurations](#random-configurations).

The server ignores the case of keys, except in the blocks {exact}.
What it refuses at a start it also refuses at a reload, and then keeps the old configuration. In the chart's values a
size without quotes is text: write `<< 10GB >>`.

## Demands

Settings that need or exclude each other. *Refused by* `parser`: `nats-server -t`, too; `start`: not by `-t`; `test`: by
`-t` alone, a server starts with a warning. What concerns the system account is in the lint rules
[JS007, JS010 and JS011](rules.md).

| Demand | Refused by | Since |
| --- | --- | --- |
"""
RANDOM = """
## Random configurations

`nats-server -t` and natsvalues on the same {count} random configurations for each version, about a fifth of which are
refused ({date}):

| Version | Accepted | Refused | Different |
| --- | ---: | ---: | ---: |
"""


def page() -> str:
    """The whole page."""
    rows = {name: list(dict.fromkeys(language.keys_of(name).values())) for name in language.BLOCKS}
    head = HEAD.format(
        keys=sum(map(len, rows.values())),
        names=sum(len(language.keys_of(name)) for name in rows),
        blocks=len(rows),
        demands=len(DEMANDS),
        newest=dotted(NEWEST),
        exact=", ".join(f"`{name}`" for name in sorted(language.EXACT)),
    )
    parts = [head, *map(demanded, DEMANDS)]
    for name, keys in rows.items():
        parts.append(f"\n## {title(name)}\n\n| Key | Value | Since |\n| --- | --- | --- |\n")
        parts += [line(key) for key in keys]
    return "".join(parts)


def demanded(demand: Demand) -> str:
    """A demand as a row of the page."""
    return f"| {demand.sentence} | {demand.by} | {dotted(demand.since)} |\n"


def title(name: str) -> str:
    """The heading of a block."""
    return "The server" if name == "server" else f"`{name}`"


def line(key: language.Key) -> str:
    """A key as a row of the page."""
    names = ", ".join(f"`{name}`" for name in key.names)
    values = " or ".join(dict.fromkeys(value(form) for form in key.forms))
    needed = "; required" if key.required else ""
    since = ", ".join(map(dotted, key.since))
    return f"| {names} | {values}{needed} | {since} |\n"


def value(form: str) -> str:
    """What a form demands, with links to blocks."""
    block, item, entry = language.block_of(form), language.item_of(form), language.entry_of(form)
    if block is not None:
        return f"block [{block}](#{block})"
    if item is not None:
        return "a list of " + " or ".join(value(inner) for inner in language.alternatives(item))
    if entry is not None:
        return "any names, each with " + " or ".join(value(inner) for inner in language.alternatives(entry))
    return {"never": "refused here", "any": "anything", "ignored": "ignored"}.get(form) or meaning(form)


def dotted(release: Release | None) -> str:
    """A version as people write it; empty for none."""
    return ".".join(map(str, release or ()))
