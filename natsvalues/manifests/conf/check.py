"""What a nats-server of a version finds wrong in a configuration: unknown keys, wrong values, missing settings.

`conf` is plain, as `natsconf.value` and `natsconf.symbolic` give it. No message quotes a value that could be a secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from natsvalues.manifests.conf import language
from natsvalues.records import NamedTuple
from natsvalues.text.natsconf import Variable
from natsvalues.text.paths import dotted
from natsvalues.text.reading import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.manifests.server import ServerVersion

Kind = Literal["unknown", "version", "form", "missing", "number", "demand", "variable"]
By = Literal["parser", "start", "test", "nobody"]
"""What refuses it: the parser, and with it `nats-server -t`, a start and a reload; only a start or reload; only
`nats-server -t`; nothing, the server ignores it."""
NEWEST = (2, 15, 3)
"""The newest release that the table was compared with."""
_QUOTED = 24
_SHOWN = ("interval", "duration", "seconds", "integer", "size", "percent", "sample")
_MEANT = {
    "flag": "true or false",
    "false": "false",
    "text": "text",
    "word": "text that is not empty",
    "empty": "empty here",
    "url": "a URL",
    "nkey": "an nkey",
    "version": "a version such as 2.8.0",
    "resolver": "MEM or URL(…)",
    "interval": "a duration such as 10s",
    "duration": "a duration such as 10s",
    "seconds": "a duration such as 10s, or a number of seconds",
    "integer": "a number",
    "size": 'a number of bytes, or text such as "10G"',
    "address": "a port, or host:port",
    "sample": "a number from 1 to 100, or text such as 25%",
    "cipher": "a cipher suite such as TLS_AES_128_GCM_SHA256",
    "curve": "a curve such as X25519",
    "digest": "64 hexadecimal digits",
    "percent": "a number from 0 to 100, or text such as 25%",
}
_KINDS = {bool: "true or false", int: "a number", float: "a number with decimals", str: "text", dict: "a block"}


class Fault(NamedTuple):
    """One fault: its path as the configuration has it, a sentence, what to do, and what refuses it."""

    path: tuple[str | int, ...]
    kind: Kind
    message: str
    remedy: str
    by: By = "parser"
    demand: str = ""
    """The name of the demand, for the kind `demand`."""

    @property
    def identity(self) -> tuple[Kind, tuple[str | int, ...], str]:
        """What two configurations have in common that have the same fault."""
        return self.kind, self.path, self.message

    @property
    def stops_server(self) -> bool:
        """Whether a server does not start with it, and refuses a reload."""
        return self.by in ("parser", "start")


def faults(conf: dict[str, Any], version: ServerVersion, used: frozenset[str] = frozenset()) -> list[Fault]:
    """The faults of keys and values, in the order of the configuration; `used` are variables that it refers to.

    Without a known version, a key that any version knows is none.
    """
    return list(_block("server", conf, (), _Reading(version, used)))


class _Reading(NamedTuple):
    version: ServerVersion
    used: frozenset[str]

    def knows(self, key: language.Key) -> bool:
        return not self.version.known or key.is_known_to(self.version.newest)


def _block(name: str, block: dict[str, Any], at: tuple[str | int, ...], reading: _Reading) -> Iterator[Fault]:
    keys = language.keys_of(name)
    present = set()
    for written, value in block.items():
        key = keys.get(written if name in language.EXACT else written.lower())
        if key is not None:
            present.add(key.names[0])
        if key is None or not reading.knows(key):
            if written not in reading.used or name in language.STRICT:
                yield _unknown(name, written, key, (*at, written), reading)
            continue
        if not (type(value) is str and _fits_one(key.forms, value)):  # most values: nothing to look into
            yield from _value(key, value, (*at, written), reading)
    for required in language.required_in(name):
        if required not in present:
            yield Fault(at, "missing", f"{dotted(at)} has no `{required}`", f"add `{required}`")


def _fits_one(forms: tuple[str, ...], value: str) -> bool:
    return forms[0] != "ignored" and any(language.fits(form, value) for form in forms)


def _value(key: language.Key, value: Any, at: tuple[str | int, ...], reading: _Reading) -> Iterator[Fault]:
    if key.forms == ("ignored",):
        yield Fault(at, "number", f"`{at[-1]}` is ignored by the server", "remove it", "test")
        return
    form = next((form for form in key.forms if language.fits(form, value)), None)
    if form is None:
        loose = key.strict is not None and reading.version.known and reading.version.newest < key.strict
        yield _misfit(key.forms, value, at)._replace(by="nobody" if loose else "parser")
        return
    yield from _inside(form, value, at, reading)


def _inside(form: str, value: Any, at: tuple[str | int, ...], reading: _Reading) -> Iterator[Fault]:
    """The faults inside a value that has this form."""
    if form == "duration" and isinstance(value, int):
        message = f"`{dotted(at)}: {value}` counts as seconds, with a warning"
        yield Fault(at, "number", message, f"write `{value}s`: `nats-server -t` refuses the number", "test")
    elif isinstance(value, list) and language.item_of(form) is not None:
        yield from _items(language.alternatives(str(language.item_of(form))), value, at, reading)
    elif isinstance(value, dict):
        block, entry = language.block_of(form), language.entry_of(form)
        if block is not None:
            yield from _block(block, value, at, reading)
        elif entry is not None:
            for name, item in value.items():
                if name not in reading.used:
                    yield from _entry(language.alternatives(entry), item, (*at, name), reading)


def _items(forms: tuple[str, ...], items: list[Any], at: tuple[str | int, ...], reading: _Reading) -> Iterator[Fault]:
    block = language.block_of(forms[0]) if len(forms) == 1 else None
    for index, item in enumerate(items):
        if type(item) is str and _fits_one(forms, item):
            continue
        if block is not None and isinstance(item, dict):
            yield from _block(block, item, (*at, index), reading)
        else:
            yield from _entry(forms, item, (*at, index), reading)


def _entry(forms: tuple[str, ...], value: Any, at: tuple[str | int, ...], reading: _Reading) -> Iterator[Fault]:
    form = next((form for form in forms if language.fits(form, value)), None)
    if form is None:
        yield _misfit(forms, value, at)
    else:
        yield from _inside(form, value, at, reading)


def _unknown(name: str, written: str, key: language.Key | None, at: tuple[str | int, ...], reading: _Reading) -> Fault:
    by: By = "nobody" if name in language.LENIENT else "parser"
    if key is not None:
        known = " and ".join(".".join(map(str, first)) for first in key.since)
        message = f"{reading.version.program} does not know `{dotted(at)}`: it came with {known}"
        return Fault(at, "version", message, f"remove it, or run nats-server {known.rpartition(' ')[2]} or newer", by)
    if reading.version.known and reading.version[:3] > NEWEST:
        by = "nobody"  # a later release may have it
    near = _nearest(name, written)
    does = "ignores" if name in language.LENIENT else "does not know"
    message = f"nats-server {does} `{dotted(at)}`"
    return Fault(at, "unknown", message, near or "remove it, or correct its spelling", by)


def _nearest(name: str, written: str) -> str:
    """What may have been meant: a key of this block that is spelled alike, or the same key in another block."""
    near = nearest(written, language.keys_of(name))
    if near:
        return near
    blocks = [block for block in language.BLOCKS if written.lower() in language.keys_of(block)]
    if "server" in blocks:
        return f"`{written}` stands outside of all blocks"
    return f"`{written}` belongs into {_block_title(blocks[0])}" if blocks else ""


def _block_title(block: str) -> str:
    return f"the block `{block}`" if block in language.keys_of("server") else f"a block of another kind ({block})"


def _misfit(forms: tuple[str, ...], value: Any, at: tuple[str | int, ...]) -> Fault:
    if forms == ("never",):
        return Fault(at, "form", f"`{dotted(at)}` is refused in this block", "remove it")
    meant = " or ".join(dict.fromkeys(meaning(form) for form in forms))
    given = _KINDS.get(type(value), "a list")
    shown = f"{given} `{value}`" if _may_be_shown(forms, value) else given
    return Fault(at, "form", f"`{dotted(at)}` must be {meant}, and is {shown}", _how(forms, value))


def meaning(form: str) -> str:
    """What a form demands, in words."""
    if form.startswith(("(", "<")):
        return "one of " + ", ".join(form[1:-1].split())
    if form.startswith(("{", "*")):
        return "a block"
    if form.startswith("["):
        return "a list"
    if ".." in form:
        least, _, most = form.partition("..")
        return f"a number from {least}" + (f" to {most}" if most else "")
    return _MEANT[form]


def _may_be_shown(forms: tuple[str, ...], value: Any) -> bool:
    """Whether a value is shown: a short one where nobody writes a secret."""
    plain = all(form in _SHOWN or ".." in form or form.startswith(("(", "<")) for form in forms)
    return plain and isinstance(value, (str, int, float)) and len(str(value)) <= _QUOTED and "$" not in str(value)


def _how(forms: tuple[str, ...], value: Any) -> str:
    """How a value of the right form is written."""
    wants_text = any(form in language.TEXTS or form.startswith(("(", "<")) for form in forms)
    if isinstance(value, str) and value[:1].isdecimal() and "duration" not in forms and "interval" not in forms:
        return (
            f"write it without quotes: `{value}` in nats.conf, `<< {value} >>` in the chart's values"
            if (_may_be_shown(forms, value))
            else "write it without quotes: in the chart's values between << and >>"
        )
    if any(form in ("interval", "duration", "seconds") for form in forms):
        return "write a number with a unit, such as 20s, 2m or 1h30m"
    if isinstance(value, (int, float)) and wants_text:
        return "write it in quotes"
    if isinstance(value, Variable):
        return "set the variable to such a value"
    return f"write {meaning(forms[0])}"
