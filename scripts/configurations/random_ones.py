"""Random configurations: blocks of the table, most values fitting, some not, some keys misspelled or misplaced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from configurations import samples
from natsvalues.manifests.conf import language

if TYPE_CHECKING:
    import random

DEEPEST = 5
LEFT_OUT = {"resolver_preload", "operator", "resolver", "trusted_keys"}
"""Their values are files and keys of one's own, of which a table cannot say whether they are good."""


def configuration(chosen: random.Random) -> dict[str, Any]:
    """One configuration; about half of them have a fault."""
    conf = _block("server", chosen, 0, 0.02 if chosen.random() < 0.6 else 0.0)
    return conf | {"accounts": _accounts(conf.get("accounts"))}


def _accounts(given: Any) -> Any:
    """The accounts that the samples refer to, beside others."""
    named = {"B": {"exports": [{"stream": "s"}]}, "C": {"exports": [{"service": "s"}]}}
    return given | named if isinstance(given, dict) else named if given is None else given


def _block(block: str, chosen: random.Random, depth: int, odds: float) -> dict[str, Any]:
    keys = {row.names[0]: row for row in language.keys_of(block).values()}
    content: dict[str, Any] = dict(samples.NEEDS.get(block, {}))
    wanted = chosen.sample(list(keys), min(len(keys), chosen.randint(0, 4 if depth else 9)))
    for usual in wanted:
        row = keys[usual]
        if usual in LEFT_OUT or (block, usual) in samples.INSTEAD or samples.VALUES.get((block, usual), 0) is None:
            continue
        for name in row.names:
            content.pop(name, None)
        content[chosen.choice(row.names)] = _value(block, row, chosen, depth, odds)
    if chosen.random() < odds * 3:
        other = chosen.choice(list(language.BLOCKS))
        name = chosen.choice(list(language.keys_of(other)))
        content[chosen.choice([name, name[:-1] or "x", name + "s", name.replace("_", "")])] = _any(chosen)
    return content


def _value(block: str, row: language.Key, chosen: random.Random, depth: int, odds: float) -> Any:
    if chosen.random() < odds:
        return _any(chosen)
    if (block, row.names[0]) in samples.VALUES:
        return samples.VALUES[block, row.names[0]]
    return _of(chosen.choice(row.forms), chosen, depth, odds)


def _of(form: str, chosen: random.Random, depth: int, odds: float) -> Any:
    """A value of a form."""
    block, item, entry = language.block_of(form), language.item_of(form), language.entry_of(form)
    if block is not None:
        return _block(block, chosen, depth + 1, odds) if depth < DEEPEST else dict(samples.NEEDS.get(block, {}))
    if item is not None:
        forms = language.alternatives(item)
        many = chosen.randint(0 if form.startswith("[{") else 1, 2)
        return [_of(chosen.choice(forms), chosen, depth + 1, odds) for _ in range(many)]
    if entry is not None:
        forms = language.alternatives(entry)
        return {name: _of(chosen.choice(forms), chosen, depth + 1, odds) for name in chosen.sample("PQR", 2)}
    if form.startswith(("(", "<")):
        return chosen.choice(form[1:-1].split())
    if form in ("interval", "duration"):
        return chosen.choice(["45s", "1m30s", "2h", "100ms", "1.5h", "60s"])
    if form in ("integer", "size"):
        return chosen.choice([0, 1, 17, 4096])
    return samples.example(form)


def _any(chosen: random.Random) -> Any:
    return chosen.choice([*samples.POOL, "12", "on", "10s", "s2_fast", "5m3", "1.5h", "-3s", [{}], 0, 100])
