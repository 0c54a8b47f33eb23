"""nats.conf against the server's own parser: values and refusals, variables and includes as well."""

from __future__ import annotations

import json
import posixpath
from typing import Any

from fuzzing.judge import CONF, REFUSED, STRICTER
from fuzzing.target import Asked, Target, beside, corpus, texts_in
from natsvalues.text.natsconf import ConfSyntaxError, read, unresolved, value
from natsvalues.text.natsconf.lexer import BYTE_ORDER_MARK

SEEDS = [
    '{\n  "c": {\n    "r": [\n      "a",\n      "b"\n    ]\n  },\n  "p": 10Gi,\n  "s": $X\n}\n',
    "# c\nport: 4222 // d\nm {x=1, y: [1 2, 'q' ]; z yes}\nX=10\nw=$X\nt = 1.5\nip: 10.0.0.1:4222\n",
    'a: (\nblock\n)\r\nb { c { d: "e\\t\\x41" } }\n"k k": $2a$10$abc\nd: 2016-05-04T18:53:41Z\n',
    "l: [\n {a: 1}, {b: -2.5}\n [ # c\n 1\n ]\n]\nu nats://h:1\nv: 2m\n",
    "v: $A\nm { A: 5, v: $A, n { w: $A } }\nA: 1\nw: [$A, {A: 2, x: $A}]\nz: $B\0$B\0$C\0$C\0{c: $D}\0$D\0[1, 2]",
    "a: 1\ninclude b.conf\nm {include d/c.conf; y $v}\0b.conf\0v: 3\nx: $a\0d/c.conf\0v = $E\ninclude ../b.conf\0$E\0",
    "A { B: 1 }\nB: $A\nA: $B\n$A: 2\nc: $$A\nd: '$A'\ne: \"$A\"\nf: $later\nlater: $L\0$L\0$L", "\ufeffport: 1\n",
    "\ufeff{ port: 1 }\n",
]  # fmt: skip
FRAGMENTS = [
    *"{}[]()=:,;#/'\"\\ \n\r\t$.-_", "\n)\n", "(\n", "\r\n", "//", "}\n", '"}"', "[1", "[-1]", "\\n", "\\xff",
    "\\xc3\\xa9", '\\"', "$a", "$2a$x", "${V}", "$A", "$B", "$E", "A: ", "B = ", "A: 1\n", "\nB { A: 2 }\n",
    "include ", "include b.conf\n", "INCLUDE 'd/c.conf'", 'include "./b.conf"', "include ../b.conf", "\0b.conf\0",
    "\0d/c.conf\0", "\0$A\0", "\0$B\0", "\0$E\0", "true", "ON", "1'", "1kb]", "1.2.3.-:", "1", "-1", "1.5", "1.2.3",
    "1k", "5kbi", "1bb", "10Gi", "16Ei", "1e3", "30s", "9223372036854775808", "2016-05-04", "2016-02-30T18:53:41Z",
    "a", "b=", "c: ", "m {", "a { b }", "\xa0", "\u2028", "\x1c", "\x85", "\u00e9", "\u0663", "\ufeff", "\v", "\f",
    "1_000", "0x1F", "٣", "\U0001f600",
]  # fmt: skip


def seeds() -> list[str]:
    """Configurations of our own, and of the server's tests where they lie beside the clone."""
    beside_it = [text for text in texts_in(beside("nats-conf"), ".conf") if "\0" not in text]
    return [*SEEDS, *(entry["text"] for entry in corpus("conf")), *beside_it]


def trial(text: str) -> Asked | None:
    """What we make of the configuration."""
    try:
        ours = reading(text)
    except ConfSyntaxError as error:
        ours = STRICTER if _on_purpose(error) else REFUSED
    if "\0" in text and _may_include_itself(text):
        return None  # Go never ends
    return Asked(CONF + text.encode(), ours)


def reading(text: str) -> Any:
    """What `natsconf` makes of a configuration with its files and its environment. Raises ConfSyntaxError."""
    main, *parts = text.split("\0")
    named = dict(zip(parts[::2], parts[1::2], strict=False))
    env = {name[1:]: content for name, content in named.items() if name.startswith("$") and _is_variable(name[1:])}
    files = {posixpath.normpath(name): content for name, content in named.items() if not name.startswith("$")}

    def load(path: str) -> str:
        try:
            return files[posixpath.normpath(path)]
        except KeyError:
            raise ConfSyntaxError(main, 0, f"no file {path}") from None

    conf = read(main)
    loader = load if "include" in text.lower() else None
    if "$" in text and unresolved(conf, env, loader):
        return REFUSED
    return value(conf, env, loader)


def _on_purpose(error: ConfSyntaxError) -> bool:
    """Whether this is a byte order mark, or a quote left open by the end, which the server takes sometimes."""
    return "never closed" in error.message or BYTE_ORDER_MARK in error.message


def _may_include_itself(text: str) -> bool:
    """Whether a file names one that, perhaps over others, names it."""
    main, *parts = text.split("\0")
    named = zip(parts[::2], parts[1::2], strict=False)
    files = {"nats.conf": main} | {name: content for name, content in named if not name.startswith("$")}
    leading = {
        name: {other for other in files if posixpath.basename(other) in content} for name, content in files.items()
    }
    for _ in files:
        leading = {name: others.union(*(leading[other] for other in others)) for name, others in leading.items()}
    return any(name in others for name, others in leading.items())


def _is_variable(name: str) -> bool:
    return bool(name) and "=" not in name


def agrees(ours: Any, theirs: Any) -> bool:
    """The same value with the same types, or both refuse."""
    if ours is STRICTER:
        return True
    if ours is REFUSED or theirs is REFUSED:
        return ours is theirs
    return json.dumps(ours, sort_keys=True) == json.dumps(theirs, sort_keys=True)


TARGET = Target(
    "conf",
    "nats.conf: value and refusal as nats-server's parser",
    FRAGMENTS,
    seeds,
    trial,
    agrees,
)
