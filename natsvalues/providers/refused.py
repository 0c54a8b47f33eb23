"""Annotations that break a gateway: PROXY protocol and TLS termination.

A NATS gateway refuses connections that start with a PROXY header (only the server's client port can read one), and a
load balancer that terminates TLS hides the gateways' certificates from each other. The profiles state which annotations
do that; PROXY keys of other providers are recognised by their name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.providers.meanings import switches_on
from natsvalues.records import NamedTuple

if TYPE_CHECKING:
    from natsvalues.providers.meanings import Meaning, Means

PROXY = "sends PROXY headers to the gateway, and a NATS gateway refuses every connection that starts with one"
TLS = "makes the load balancer terminate TLS or expect HTTP, and NATS gateways need end-to-end TLS with each other"
_WHY: dict[Means, str] = {"proxyProtocol": PROXY, "tls": TLS}
_NONE: dict[str, Meaning] = {}


class Refusal(NamedTuple):
    """An annotation that would break the gateway; `why` is PROXY or TLS."""

    key: str
    text: str
    why: str

    @property
    def sentence(self) -> str:
        """What is wrong, and what to do."""
        return f"annotation `{self.key}: {self.text}` {self.why}; remove it"


def refused(annotations: dict[str, str], own: dict[str, Meaning] = _NONE) -> list[Refusal]:
    """The annotations that would break the gateway, sorted by key. `own` has meanings that are already known."""
    return [Refusal(key, text, why) for key, text in sorted(annotations.items()) if (why := _why(key, text, own))]


def _why(key: str, text: str, own: dict[str, Meaning]) -> str:
    meaning = own.get(key)
    if meaning is not None and not meaning.attributes:
        return _WHY.get(meaning.means, "") if switches_on(meaning.when, text) else ""
    from natsvalues.providers.meaning import annotation_meaning, settings_in  # reads other profiles: rarely needed

    known = annotation_meaning(key, text)
    if known is None:
        return ""
    stated = ((item.means, item.is_on) for item in (known, *settings_in(known)))
    return next((_WHY[means] for means, is_on in stated if is_on and means in _WHY), "")
