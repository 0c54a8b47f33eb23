"""Configurations that ask a server about one key: its block with what that needs, a good value and a bad one."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from natsvalues.manifests.conf import language

if TYPE_CHECKING:
    from collections.abc import Iterator


def _public_key(prefix: int) -> str:
    """A public nkey: prefix, 32 bytes and their CRC-16, in base 32."""
    raw = bytes([prefix << 3, *range(32)])
    crc = 0
    for byte in raw:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1) ^ 0x1021 if crc & 0x8000 else crc << 1
        crc &= 0xFFFF
    return base64.b32encode(raw + crc.to_bytes(2, "little")).decode().rstrip("=")


ACCOUNT, USER, OPERATOR, CURVE = (_public_key(number) for number in (0, 20, 14, 23))
FITTING: dict[str, Any] = {
    "flag": True, "integer": 7, "text": "abc", "word": "abc", "empty": "", "false": False, "url": "nats://h:1",
    "address": "127.0.0.1:7", "version": "2.8.0", "interval": "45s", "duration": "10s", "seconds": 1.5, "size": "10G",
    "percent": "25%", "sample": 50, "resolver": "MEM", "cipher": "TLS_AES_128_GCM_SHA256", "digest": "a" * 64,
    "any": "abc", "nkey": ACCOUNT,
}  # fmt: skip
POOL = (True, 7, 1.5, "abc", "4MB", "", {}, [], ["abc"], [7], {"q_q": 1}, -3, 70000)
"""What is written by mistake; of it comes the first that does not fit."""
NEEDS: dict[str, dict[str, Any]] = {
    "user": {"user": "u"},
    "leaf_user": {"user": "u"},
    "export": {"service": "s"},
    "import": {"stream": {"account": "B", "subject": "s"}},
    "source": {"account": "B", "subject": "s"},
    "destination": {"destination": "d", "weight": 100},
    "auth_callout": {"issuer": ACCOUNT, "auth_users": ["u"]},
    "latency": {"subject": "l"},
    "msg_trace": {"dest": "t"},
    "proxy": {"url": "http://h:1"},
    "resolver": {"type": "full", "dir": "DIR"},
    "remote_leaf": {"url": "ws://h:1"},
    "remote_gateway": {"name": "b", "url": "nats://h:1"},
}
"""What a block needs beside the key that is asked about."""
INSTEAD = {
    ("export", "stream"): {}, ("export", "service"): {},
    ("import", "service"): {}, ("import", "stream"): {},
    ("import", "share"): {"service": {"account": "C", "subject": "s"}},
    ("user", "nkey"): {}, ("proxy", "tls"): {"url": "https://h:1"},
    ("resolver", "ttl"): {"type": "cache", "dir": "DIR"},
    ("resolver", "hard_delete"): {"type": "full", "dir": "DIR", "allow_delete": True},
    ("import", "to"): {"service": {"account": "C", "subject": "s"}},
}  # fmt: skip
VALUES: dict[tuple[str, str], Any] = {
    ("user", "nkey"): USER,
    ("remote_leaf", "nkey"): None,
    ("leaf_authorization", "nkey"): USER,
    ("trusted_proxy", "key"): USER,
    ("auth_callout", "xkey"): CURVE,
    ("auth_callout", "allowed_accounts"): ["B"],
    ("server", "trusted_keys"): OPERATOR,
    ("server", "operator"): None,
    ("server", "resolver_preload"): {},
    ("server", "lame_duck_duration"): "45s",
    ("server", "default_js_domain"): {"B": "d"},
    ("server", "mappings"): {"x": "y"},
    ("account", "mappings"): {"x": "y"},
    ("account", "imports"): [],
    ("account", "exports"): [],
    ("account", "users"): [],
    ("import", "stream"): {"account": "B", "subject": "s"},
    ("import", "service"): {"account": "C", "subject": "s"},
    ("source", "account"): "B",
    ("source", "subject"): "s",
    ("export", "accounts"): ["B"],
    ("export", "account_token_position"): None,
    ("proxy", "url"): "http://h:1",
    ("proxy", "username"): None,
    ("proxy", "password"): None,
    ("resolver", "dir"): "DIR",
    ("resolver", "type"): "full",
    ("tls", "verify_cert_and_check_known_urls"): False,
    ("tls", "curve_preferences"): ["CurveP256"],
    ("peer_authorization", "default_permissions"): None,
    ("tls", "cert_file"): None,
    ("tls", "key_file"): None,
    ("tls", "ca_file"): None,
    ("tls", "certs"): None,
    ("certificate", "cert_file"): None,
    ("certificate", "key_file"): None,
    ("authorization", "auth_callout"): {"issuer": ACCOUNT, "auth_users": ["u"]},
    ("user", "allowed_connection_types"): ["STANDARD"],
    ("server", "store_dir"): "DIR",
    ("jetstream", "store_dir"): "DIR",
    ("destination", "weight"): 100,
}
"""Values where one of the form is not enough; None where only a file or a key of one's own would be accepted."""


def places() -> dict[str, tuple[tuple[str, str], ...]]:
    """For each block the keys that lead to it from the outermost, each with the form that leads on."""
    found: dict[str, tuple[tuple[str, str], ...]] = {"server": ()}
    queue = ["server"]
    for block in queue:
        for name, key in language.keys_of(block).items():
            for form in key.forms:
                inner = _inner(form)
                if inner and inner not in found and name == key.names[0]:
                    found[inner] = (*found[block], (name, form))
                    queue.append(inner)
    return found


def _inner(form: str) -> str | None:
    """The block behind a form, inside a list or a block with any names, too."""
    for part in language.alternatives(form):
        inner = language.item_of(part) or language.entry_of(part)
        block = language.block_of(part) or (_inner(inner) if inner else None)
        if block:
            return block
    return None


PLACES = places()


def configuration(block: str, key: str, content: dict[str, Any]) -> dict[str, Any]:
    """A whole configuration with a block of this content, and with what the block and those around it need."""
    usual = language.keys_of(block)[key].names[0] if key in language.keys_of(block) else key
    needed = INSTEAD.get((block, usual), NEEDS.get(block, {}))
    value: Any = {name: item for name, item in needed.items() if name != usual} | content
    inside = block
    for index in range(len(PLACES[block]) - 1, -1, -1):
        name, form = PLACES[block][index]
        around = next(other for other, path in PLACES.items() if path == PLACES[block][:index])
        value = {**NEEDS.get(around, {}), **INSTEAD.get((around, name), {}), name: _wrapped(form, value)}
        if around == "export" and name == "latency":
            value["service"] = "s"
        inside = around
    if inside != "server":
        raise ValueError(inside)
    if block in ("import", "source", "export", "user", "auth_callout") or "B" in str(value):
        accounts = {"B": {"exports": [{"stream": "s"}]}, "C": {"exports": [{"service": "s"}]}}
        value["accounts"] = accounts | value.get("accounts", {})
    return value


def _wrapped(form: str, value: Any) -> Any:
    if form.startswith("["):
        return [_wrapped(str(language.item_of(form)), value)]
    if form.startswith("*"):
        inner = next(part for part in language.alternatives(str(language.entry_of(form))) if _inner(part))
        return {"N": _wrapped(inner, value)}
    return value


def fitting(block: str, key: str) -> Iterator[Any]:
    """Values that the server accepts, one for each form; none for a key that nothing here can be right for."""
    row = language.keys_of(block)[key]
    special = (block, row.names[0])
    if special in VALUES:
        yield from () if VALUES[special] is None else (VALUES[special],)
        return
    for form in row.forms:
        value = example(form)
        if value is not None:
            yield value


def example(form: str) -> Any:
    """A value of a form; None for `never`."""
    if form.startswith(("(", "<")):
        return form[1:-1].split(maxsplit=1)[0]
    if form.startswith("["):
        item = example(language.alternatives(str(language.item_of(form)))[0])
        return [] if isinstance(item, dict) else [item]
    if form.startswith(("{", "*")):
        return dict(NEEDS.get(form[1:-1], {}))
    if ".." in form:
        return int(form.split("..", 1)[0])
    return FITTING.get(form)


def misfitting(block: str, key: str) -> Any:
    """A value that has none of the key's forms; None if each has."""
    row = language.keys_of(block)[key]
    return next((value for value in POOL if not any(language.fits(form, value) for form in row.forms)), None)
