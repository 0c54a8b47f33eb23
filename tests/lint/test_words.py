"""What rules read: addresses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from natsvalues.text.endpoints import Endpoint, is_private, read_endpoint, stays_inside

ENDPOINTS = {
    "nats://gw.example.com:7222": Endpoint("gw.example.com", 7222),
    "nats://user:p%40ss@gw.example.com:7222": Endpoint("gw.example.com", 7222),
    "nats://user:p@ss@gw.example.com:7222": Endpoint("gw.example.com", 7222),
    "gw.example.com:7222": Endpoint("gw.example.com", 7222),
    "gw.example.com": Endpoint("gw.example.com", None),
    "tls://[2001:db8::1]:7222": Endpoint("2001:db8::1", 7222),
    "10.0.0.1:7222": Endpoint("10.0.0.1", 7222),
    "": None,
    "nats://": None,
    "a b": None,
    "@": None,
    "[@]": None,
    "nats://a@": None,
}


@pytest.mark.parametrize("text", ENDPOINTS)
def test_addresses_are_read(text):
    """As servers write them; user information is dropped."""
    assert read_endpoint(text) == ENDPOINTS[text]


@given(st.text(max_size=40) | st.text("a@:/[]. 1", max_size=12))
def test_any_text_is_an_address_or_none(text):
    """No text raises, and what is read keeps no user information."""
    found = read_endpoint(text)

    assert found is None or "@" not in str(found)


@pytest.mark.parametrize(
    ("host", "inside", "private"),
    [
        ("nats.nats.svc.cluster.local", True, False),
        ("nats.nats.svc", True, False),
        ("nats", True, False),
        ("localhost", True, False),
        ("0.0.0.0", True, False),  # noqa: S104   # what it is about
        ("127.0.0.1", True, False),
        ("::1", True, False),
        ("169.254.1.1", True, False),
        ("gw.example.com", False, False),
        ("gw.corp.local", False, False),
        ("10.1.2.3", False, True),
        ("172.20.0.1", False, True),
        ("192.168.1.1", False, True),
        ("100.64.0.1", False, True),
        ("fd00::1", False, True),
        ("203.0.113.7", False, False),
        ("2001:db8::1", False, False),
        ("1.2.3", False, False),
    ],
)
def test_hosts_are_told_apart(host, inside, private):
    """What only its own cluster knows, what only peered networks reach, and what anyone may."""
    assert (stays_inside(host), is_private(host)) == (inside, private)
