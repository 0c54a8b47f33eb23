"""An operator with a system account and an application account, as JWTs that a server accepts."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

if TYPE_CHECKING:
    from random import Random

    from starts.setup import Setup

_PREFIXES = {"O": 14 << 3, "A": 0}


class Identity(NamedTuple):
    """A key pair with its public key as nkeys write it."""

    key: Ed25519PrivateKey
    public: str


def _checksum(data: bytes) -> bytes:
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1) ^ 0x1021 if crc & 0x8000 else crc << 1
            crc &= 0xFFFF
    return crc.to_bytes(2, "little")


def _identity(kind: str, seed: str) -> Identity:
    key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(seed.encode()).digest())
    raw = bytes([_PREFIXES[kind]]) + key.public_key().public_bytes_raw()
    return Identity(key, base64.b32encode(raw + _checksum(raw)).decode().rstrip("="))


def _part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _token(issuer: Identity, subject: Identity, name: str, claims: dict[str, Any]) -> str:
    body = {
        "iat": 1700000000,
        "iss": issuer.public,
        "name": name,
        "sub": subject.public,
        "nats": {**claims, "version": 2},
    }
    body["jti"] = base64.b32encode(hashlib.sha256(json.dumps(body).encode()).digest()).decode().rstrip("=")
    head = _part(json.dumps({"typ": "JWT", "alg": "ed25519-nkey"}).encode())
    text = f"{head}.{_part(json.dumps(body).encode())}"
    return f"{text}.{_part(issuer.key.sign(text.encode()))}"


@cache
def _tokens() -> tuple[str, str, str, dict[str, str]]:
    """The operator's JWT with and without the system account, that account's public key, and the accounts' JWTs."""
    chief, system, app = _identity("O", "operator"), _identity("A", "system"), _identity("A", "app")
    limits = {
        "subs": -1,
        "data": -1,
        "payload": -1,
        "imports": -1,
        "exports": -1,
        "wildcards": True,
        "conn": -1,
        "leaf": -1,
    }
    storage = {"mem_storage": -1, "disk_storage": -1, "streams": -1, "consumer": -1}
    accounts = {
        system.public: _token(chief, system, "SYS", {"type": "account", "limits": limits}),
        app.public: _token(chief, app, "APP", {"type": "account", "limits": limits | storage}),
    }
    named = _token(chief, chief, "acme", {"type": "operator", "system_account": system.public})
    plain = _token(chief, chief, "acme", {"type": "operator"})
    return named, plain, system.public, accounts


def system_key() -> str:
    """The public key of the operator's system account."""
    return _tokens()[2]


def operator(setup: Setup, rng: Random) -> None:
    """Operator mode, with a resolver in memory or on disk; the operator names its system account, or does not."""
    named, plain, system, accounts = _tokens()
    merged: dict[str, Any] = {"operator": named if rng.random() < 0.6 else plain, "resolver_preload": accounts}
    if rng.random() < 0.8:
        merged["system_account"] = system
    if rng.random() < 0.6:
        merged["resolver"] = "MEMORY"
    else:
        full = {"type": "full", "interval": "2m", "timeout": "1.9s"}
        setup.write({"config.resolver": {"enabled": True, "merge": full}})
    setup.write({"config.merge": merged})
    setup.excuse("operator", "NV-T022", "NV-T067", "NV-T066")
