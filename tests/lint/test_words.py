"""What rules read: addresses, health-check paths, durations."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from natsvalues.lint.durations import seconds
from natsvalues.lint.endpoints import Endpoint, is_private, read_endpoint, stays_inside
from natsvalues.lint.healthz import question
from natsvalues.manifests.server import ServerVersion, needs_leader

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


@pytest.mark.parametrize(
    ("path", "unknown", "refused"),
    [
        ("/healthz", (), 0),
        ("/healthz?js-server-only=true", (), 0),
        ("/healthz?js-server-only=yes", (), 400),
        ("/healthz?js-server-only", (), 0),
        ("/healthz?JS-Server-Only=yes", ("JS-Server-Only",), 0),
        ("/healthz?foo=1&js-enabled-only=1", ("foo",), 0),
        ("/healthz%3Fjs-server-only=true", (), 404),
        ("/", (), 0),
    ],
)
def test_health_checks_are_read_as_the_server_does(path, unknown, refused):
    """Unknown names are ignored, wrong booleans refused."""
    asked = question(path)

    assert (asked.unknown, asked.refused) == (unknown, refused)


@pytest.mark.nats
def test_what_is_refused_is_what_servers_refuse(nats_server, tmp_path):
    """A real server answers the paths that rules call refused with that status, and others with another."""
    import socket
    import subprocess
    import time
    from urllib.error import HTTPError
    from urllib.request import urlopen

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [nats_server("2.14.2"), "-a", "127.0.0.1", "-p", "-1", "-m", str(port), "-js", "-sd", str(tmp_path)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def status(path):
        for _ in range(100):
            try:
                return urlopen(f"http://127.0.0.1:{port}{path}", timeout=5).status  # our own server
            except HTTPError as error:
                return error.code
            except OSError:
                time.sleep(0.1)
        return None

    try:
        paths = ["/healthz", "/healthz?js-server-only=yes", "/healthz%3Fjs-server-only=true", "/healthz?js-server-only"]
        answers = {path: status(path) for path in paths}
    finally:
        server.terminate()
        server.wait()

    assert answers == {path: question(path).refused or 200 for path in paths}


@pytest.mark.parametrize(
    ("text", "expected"),
    [("30s", 30), ("2m", 120), ("1m30s", 90), ("500ms", 0.5), ("1h", 3600), ("30", None), ("s", None), ("30s x", None)],
)
def test_durations(text, expected):
    """As Go writes them; anything else is not known."""
    assert seconds(text) == expected


@given(st.sampled_from(["/healthz", "/healthz?js-enabled-only=true", "/healthz?js-server-only=1"]))
def test_a_path_that_is_not_refused_is_judged_by_the_version(path):
    """The judgement on leaders is the one that rendering uses."""
    assert question(path).refused == 0
    assert needs_leader(path, ServerVersion(2, 15, 1)) == ("only" not in path)
