"""The names and dates of an X.509 certificate, from its DER or PEM: Python's own ssl shows only what it trusts.

facts: RFC 5280, section 4.1; the subject's alternative names are extension 2.5.29.17.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING

from natsvalues.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_PEM = re.compile("-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL)
_ALTERNATIVE_NAMES = bytes.fromhex("0603551d11")
_SEQUENCE, _OCTETS, _UTC, _EXTENSIONS, _VERSION = 0x30, 0x04, 0x17, 0xA3, 0xA0
_DNS, _IP = 0x82, 0x87
_IPV4, _LONG = 4, 0x80
_CENTURY = 50


class Certificate(NamedTuple):
    """Names and addresses for which it is valid, and from when to when: `2026-11-29T14:00:00Z`."""

    names: tuple[str, ...]
    begins: str
    ends: str


def first_in_pem(text: str) -> bytes:
    """The DER of the first certificate in a PEM; empty if there is none."""
    match = _PEM.search(text)
    try:
        return base64.b64decode(match[1]) if match else b""
    except binascii.Error:
        return b""


def read_certificate(der: bytes) -> Certificate | None:
    """Names and dates; None for anything that is no certificate."""
    try:
        (_, whole), *_ = _parts(der)
        (_, signed), *_ = _parts(whole)
        fields = [field for field in _parts(signed) if field[0] != _VERSION]
        # serial number, algorithm, issuer, validity, subject, public key, and extensions at the end
        begins, ends = (_date(tag, text) for tag, text in _parts(fields[3][1]))
        names = tuple(name for tag, text in fields[6:] if tag == _EXTENSIONS for name in _names(text))
    except (IndexError, ValueError):
        return None
    return Certificate(names, begins, ends)


def _parts(der: bytes) -> Iterator[tuple[int, bytes]]:
    """The elements of a DER text, each with its tag."""
    at = 0
    while at < len(der):
        tag, length = der[at], der[at + 1]
        at += 2
        if length & _LONG:
            octets = length & ~_LONG
            length = int.from_bytes(der[at : at + octets], "big")
            at += octets
        if at + length > len(der):
            raise ValueError(der)
        yield tag, der[at : at + length]
        at += length


def _date(tag: int, text: bytes) -> str:
    digits = text.decode("ascii")
    if tag == _UTC:
        digits = ("20" if int(digits[:2]) < _CENTURY else "19") + digits
    year, month, day, hour, minute, second = digits[:4], *(digits[at : at + 2] for at in range(4, 14, 2))
    return f"{year}-{month}-{day}T{hour}:{minute}:{second}Z"


def _names(extensions: bytes) -> Iterator[str]:
    for _, listed in _parts(extensions):
        for _, extension in _parts(listed):
            if extension.startswith(_ALTERNATIVE_NAMES):
                *_, (_, octets) = _parts(extension)
                for _, names in _parts(octets):
                    yield from filter(None, (_name(tag, text) for tag, text in _parts(names)))


def _name(tag: int, text: bytes) -> str:
    if tag == _DNS:
        return text.decode("ascii", "replace")
    if tag != _IP:
        return ""
    if len(text) == _IPV4:
        return ".".join(map(str, text))
    return ":".join(f"{text[at] << 8 | text[at + 1]:x}" for at in range(0, len(text), 2))
