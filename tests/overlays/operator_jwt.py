"""Operators and accounts with JWTs for tests, with keys that are made for each run."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from typing import Any, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

# The first byte of a public key, as github.com/nats-io/nkeys has it: the first letter of its base32 text.
PREFIXES = {"O": 14 << 3, "A": 0}
LIMITS = dict.fromkeys(("subs", "data", "payload", "imports", "exports", "conn", "leaf"), -1) | {"wildcards": True}


class Key:
    """A new key of an operator or of an account; `public` is its public part as NATS writes it."""

    def __init__(self, kind: Literal["O", "A"]) -> None:
        self._private = Ed25519PrivateKey.generate()
        raw = bytes([PREFIXES[kind]]) + self._private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.public = base64.b32encode(raw + binascii.crc_hqx(raw, 0).to_bytes(2, "little")).decode().rstrip("=")

    def sign(self, subject: str, kind: Literal["operator", "account"], **claims: Any) -> str:
        """A JWT about `subject`, signed by this key."""
        nats = {"type": kind, "version": 2, **({"limits": LIMITS} if kind == "account" else {}), **claims}
        payload = {"jti": "", "iat": 1, "iss": self.public, "name": kind, "sub": subject, "nats": nats}
        payload["jti"] = base64.b32encode(hashlib.sha256(json.dumps(payload).encode()).digest()).decode().rstrip("=")
        head = f"{_text({'typ': 'JWT', 'alg': 'ed25519-nkey'})}.{_text(payload)}"
        return f"{head}.{_base64(self._private.sign(head.encode()))}"


def _text(value: Any) -> str:
    return _base64(json.dumps(value).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
