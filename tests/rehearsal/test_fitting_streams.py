"""A rehearsal that is given no streams makes its own where they fit, and is `untested`, not stuck, where they do not.

Each of these was `stuck`, though nothing but the rehearsal's own stream was wrong.
"""

import pytest

pytestmark = [pytest.mark.nats, pytest.mark.helm, pytest.mark.timeout(200)]
VERSION = "2.14.2"
USER = "config.merge.accounts.A.users[0]"
A = (f"{USER}.user=a", f"{USER}.password=x")
ACCOUNT = (*A, "config.merge.no_auth_user=a")
BOB = "config.merge.accounts.B"
KEY = "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4"
HASH = "$2a$11$UjAkHUbWpmlcgPPNsyOLeO/MIg3RNi7cKoCHSyyYXHcE4VJNTVWbG"
B = (f"{BOB}.users[0].user=b", f"{BOB}.jetstream=enabled")
NARROW = "config.merge.authorization.users[0]"
ORDERS = (f"{NARROW}.user=o", f"{NARROW}.password=x", f"{NARROW}.permissions.publish[0]=orders.>")
IN_MEMORY = tuple(
    f"config.jetstream.{word}"
    for word in ("fileStore.enabled=false", "memoryStore.enabled=true", "memoryStore.maxSize=64Mi")
)
NO_ROOM = (*A, "config.merge.accounts.A.jetstream.max_file=100", "config.merge.accounts.A.jetstream.max_mem=100")
ONE = (*A, "config.merge.accounts.A.jetstream.max_streams=1", "config.merge.accounts.A.jetstream.max_file=1000000000")


@pytest.fixture
def first_install(cases, renderer, rehearse, tmp_path):
    """Rehearse the first install of one region with these settings, and so many servers."""

    def call(settings, servers, *words):
        own = (f"config.cluster.enabled={str(servers > 1).lower()}", f"config.cluster.replicas={servers}")
        text = renderer.template(VERSION, *own, "config.serverNamePrefix=us-east-", *settings)
        folder = cases.write_renderings(str(tmp_path / "one"), {"us-east": text})
        return rehearse(folder, "first-install", *words)

    return call


@pytest.mark.parametrize(
    ("settings", "servers", "storage"),
    [
        ((*ACCOUNT, *B, f"{BOB}.users[0].password={HASH}"), 1, ""),
        (ONE, 1, ""),
        ((*ORDERS, f"{NARROW}.permissions.publish[1]=$JS.API.>"), 1, ""),
        (IN_MEMORY, 3, "in memory"),
    ],
    ids=["another-account-has-jetstream", "room-for-one-stream", "narrow-subjects", "memory-only"],
)
def test_a_stream_is_made_that_fits(settings, servers, storage, first_install):
    """With another user, again in place of the first one, on a subject that the user has, or in memory."""
    done = first_install(settings, servers)

    assert (done.code, done.report["verdict"], done.report["untested"]) == (0, "converged", False), done.told()
    (fate,) = done.scenario["streams"]
    assert (fate["fate"], fate["acknowledged"]) == ("kept", 21), done.told()
    assert storage in fate["seen"]
    assert any("in memory, not in files" in note for note in done.scenario["notes"]) == bool(storage)


@pytest.mark.parametrize(
    ("settings", "servers", "reason"),
    [
        (ACCOUNT, 1, "no account of nats.conf has JetStream"),
        ((*ACCOUNT, B[1], f"{BOB}.users[0].nkey={KEY}"), 1, "nats.conf has no password of a user with JetStream"),
        (ORDERS, 1, "permissions violation for publish"),
        (NO_ROOM, 3, "insufficient storage"),
    ],
    ids=["nobody-has-jetstream", "only-a-key", "narrow-permissions", "no-room"],
)
def test_a_stream_that_does_not_fit_is_no_hang(settings, servers, reason, first_install):
    """Its own word and exit code, unless it is expected, with what the server or nats.conf says, and what to give."""
    expected = servers == 3
    done = first_install(settings, servers, *(("--expect", "untested") if expected else ()))

    assert (done.code, done.report["verdict"]) == (0 if expected else 4, "converged"), done.told()
    assert (done.report["untested"], done.scenario["untested"]) == (True, True)
    assert not done.report["lossy"]
    (fate,) = done.scenario["streams"]
    assert fate["fate"] == "does not fit"
    assert reason in fate["seen"], done.told()
    assert "--streams FILE" in done.scenario["remedy"]
