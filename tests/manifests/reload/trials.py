"""What a trial of a reload is, and what may be seen of it; the worlds beside this file are made of these.

`{folder}` and `{certificates}` in a value stand for folders of the test. What is seen is asked before and after:
an applied change shows there, any other does not.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    Seen = Callable[[Any, str], Any]


class Trial(NamedTuple):
    """One change: the value at a path becomes another, or goes (None)."""

    path: str
    after: Any
    see: Seen | None = None
    since: tuple[int, int, int] = (2, 10, 0)
    """The first version that takes the new value at all."""
    before: tuple[int, int, int] = (99, 0, 0)
    """The first version to which it is no change."""
    first: Any = None
    """What must be seen before; it may take a moment."""


def page(name: str, *at: str) -> Seen:
    """A value of a monitoring page."""

    def see(server: Any, _: str) -> Any:
        found = server.monitor(name)
        for key in at:
            found = found.get(key) if isinstance(found, dict) else None
        return found

    return see


def varz(*at: str) -> Seen:
    """A value of /varz."""
    return page("varz", *at)


def info(key: str) -> Seen:
    """What the server offers to a client."""
    return lambda server, _: server.dialogue()[0].get(key)


def answer(words: bytes = b"", **connect: Any) -> Seen:
    """What the server says to a client that comes in and says this."""
    return lambda server, _: server.dialogue(words, **connect)[1]


def login(user: str, password: str) -> Seen:
    """Whether such a client may come in."""
    return answer(user=user, **{"pass": password})


def told(*at: str, subject: str) -> Seen:
    """A value of what the server tells user a over NATS."""

    def see(server: Any, _: str) -> Any:
        found = server.request(subject, user="a", **{"pass": "p"})
        for key in at:
            found = found.get(key)
        return found

    return see


def said(words: str) -> Seen:
    """Whether the server said so in its log."""
    return lambda _, log: words in log


def shown(kind: str, *, first: bool = True, client: str | None = None, newest: str = "") -> Seen:
    """The certificate that a listener shows in a TLS handshake; empty where that fails.

    With `client`, the name of a certificate or empty for none, also empty where the server then closes.
    """

    def see(server: Any, _: str) -> Any:
        path = os.path.join(os.path.dirname(server.folder), f"{client}.crt") if client else client
        return server.handshake(kind, first=first, client=path, newest=newest)

    return see


def files(pattern: str) -> Seen:
    """The files of the server's folder that match."""
    return lambda server, _: server.files(pattern)


def hears(server: Any, _: str) -> bool:
    """Whether a client receives what is published at the hub."""
    return server.hears(server.others["hub"])


def is_heard(server: Any, _: str) -> bool:
    """Whether a client at the hub receives what is published here."""
    return server.others["hub"].hears(server)


TLS = {"cert_file": "{certificates}/one.crt", "key_file": "{certificates}/one.key"}
OTHER = {"cert_file": "{certificates}/two.crt", "key_file": "{certificates}/two.key"}
VERIFYING = {**TLS, "ca_file": "{certificates}/one.crt", "verify": True}
RSA_ONLY = ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"]  # which no certificate here can serve before TLS 1.3
BASE: dict[str, Any] = {
    "host": "127.0.0.1",
    "port": -1,
    "http_port": -1,
    "server_name": "n1",
    "ports_file_dir": "{folder}/ports",
}
USERS = [{"user": "u", "password": "p"}, {"user": "v", "password": "q"}]

NOWHERE = {"urls": ["nats://127.0.0.1:9"], "account": "A", "tls": {"insecure": True}}
OTHERS: dict[str, dict[str, Any]] = {
    "hub": {**BASE, "server_name": "h1", "leafnodes": {"host": "127.0.0.1", "port": -1}},
    "west": {
        **BASE,
        "server_name": "w1",
        "gateway": {"name": "west", "host": "127.0.0.1", "port": -1, "tls": VERIFYING},
    },
}
"""Servers to talk to; `{hub}` and `{west}` in a world stand for the address of their leaf node and gateway ports."""
