"""Paths of health checks: which ones wait for a meta leader, are refused, or mean less than they say."""

from __future__ import annotations

import pytest

from natsvalues.manifests.healthz import health_query, may_need_leader, needs_leader, ready_path
from natsvalues.manifests.server import UNKNOWN, ServerVersion

V2_10 = ServerVersion(2, 10, 26)
INTERNAL = 500
LATER = (ServerVersion(2, 11, 0), ServerVersion(2, 12, 8), ServerVersion(2, 14, 6), ServerVersion(3, 0, 0))

# facts: HTTP status while there is no meta leader, on real servers (js-enabled, deprecated, is left out).
WITHOUT_LEADER = {
    "/healthz": (503, 503),
    "/healthz?js-enabled-only=true": (200, 200),
    "/healthz?js-server-only=true": (503, 200),
    "/healthz?js-meta-only=true": (503, 503),
    "/healthz?foo=true": (503, 503),
    "/healthz?JS-Server-Only=true": (503, 503),
    "/healthz?details=true": (503, 503),
}


@pytest.mark.parametrize("path", WITHOUT_LEADER)
def test_a_check_waits_for_a_leader_exactly_where_real_servers_said_503(path):
    """The table is the measured one, for 2.10 and for everything from 2.11 on."""
    before, since = WITHOUT_LEADER[path]

    assert needs_leader(path, V2_10) is (before == 503)
    assert {needs_leader(path, version) for version in LATER} == {since == 503}


@pytest.mark.parametrize("word", ["1", "t", "T", "true", "TRUE", "True"])
def test_true_in_all_the_spellings_of_go(word):
    """The server reads the parameter with Go's ParseBool."""
    assert not needs_leader(f"/healthz?js-enabled-only={word}", V2_10)
    assert not needs_leader(f"/healthz?js-server-only={word}", LATER[0])


@pytest.mark.parametrize("word", ["", "0", "false", "F", "yes", "on", "tRUE", "2"])
def test_anything_else_is_not_true(word):
    """False gives the plain check, and what ParseBool refuses gives status 400: neither may count as leader-free."""
    assert needs_leader(f"/healthz?js-enabled-only={word}", LATER[0])
    assert needs_leader(f"/healthz?js-server-only={word}", LATER[0])


def test_one_leader_free_parameter_among_others_is_enough():
    """Parameters are read by name, wherever they stand."""
    assert not needs_leader("/healthz?details=1&js-enabled-only=true", V2_10)
    assert not needs_leader("/healthz?js-server-only=true&js-enabled-only=true", V2_10)
    assert needs_leader("/healthz?js-server-only=true&js-enabled-only=false", V2_10)


@pytest.mark.parametrize("path", ["/", "/varz", "/ready", "/healthzz", "/jsz?healthz"])
def test_other_endpoints_wait_for_nobody(path):
    """Only /healthz asks for a meta leader."""
    assert not needs_leader(path, V2_10)


@pytest.mark.parametrize("version", [V2_10, UNKNOWN, ServerVersion(1, 99, 0), *LATER])
def test_our_own_choice_of_path_waits_for_no_leader(version):
    """Whatever the version: the probe we write can succeed on a cold start."""
    assert not may_need_leader(ready_path(version), version)


def test_js_server_only_is_chosen_from_2_11_on():
    """It says more than js-enabled-only, and is leader-free from 2.11.0 on."""
    assert {ready_path(version) for version in LATER} == {"/healthz?js-server-only=true"}
    assert ready_path(V2_10) == ready_path(ServerVersion(2, 10, 99)) == "/healthz?js-enabled-only=true"


def test_an_unknown_version_is_warned_of_what_holds_for_all_and_edited_for_the_oldest():
    """`js-server-only` waits on 2.10 only: an edit must not count on it, and a finding must not guess."""
    assert may_need_leader("/healthz?js-server-only=true", UNKNOWN)
    assert not needs_leader("/healthz?js-server-only=true", UNKNOWN)
    assert needs_leader("/healthz", UNKNOWN)


@pytest.mark.parametrize(
    ("path", "ignored", "refused"),
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
def test_health_checks_are_read_as_the_server_does(path, ignored, refused):
    """Unknown names are ignored, wrong booleans refused."""
    query = health_query(path)

    assert (query.ignored, query.refused) == (ignored, refused)


@pytest.mark.nats
def test_what_is_refused_is_what_servers_refuse(nats_server, tmp_path):
    """A real server answers the paths that are called refused with that status, and others with another."""
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
                if error.code < INTERNAL:  # it is still starting
                    return error.code
                time.sleep(0.1)
            except OSError:
                time.sleep(0.1)
        return None

    try:
        paths = ["/healthz", "/healthz?js-server-only=yes", "/healthz%3Fjs-server-only=true", "/healthz?js-server-only"]
        answers = {path: status(path) for path in paths}
    finally:
        server.terminate()
        server.wait()

    assert answers == {path: health_query(path).refused or 200 for path in paths}


def test_a_slash_at_the_end_is_another_path():
    """The server answers 404 to `/healthz/`, with or without a leader (run on 2.14.2)."""
    assert health_query("/healthz/?js-server-only=true").refused == 404
    assert not needs_leader("/healthz/", LATER[0])
