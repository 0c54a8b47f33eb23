"""Files and folders that are not what they should be: each ends in our own message, at once."""

from __future__ import annotations

import os
import socket

import pytest

from natsvalues import files
from natsvalues.errors import NatsvaluesError
from natsvalues.files import content, listed
from natsvalues.overlays.folder import load


def _dangling(path):
    os.symlink("nowhere", path)


def _looping(path):
    os.symlink(path.name, path)


def _socket(path):
    os.chdir(path.parent)  # the path of a socket must be short
    socket.socket(socket.AF_UNIX).bind(path.name)


SPOILT = {
    "a link to nowhere": (_dangling, "it is a link to `nowhere`, which does not exist"),
    "a link to itself": (_looping, "it is a link that leads back to itself"),
    "a folder": (os.mkdir, "it is a folder, and a file is expected"),
    "a named pipe": (os.mkfifo, "it is a named pipe, and a file is expected"),
    "a socket": (_socket, "it is a socket, and a file is expected"),
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("kind", SPOILT)
def test_what_is_no_file_is_named(kind, here, monkeypatch):
    """Also in a folder of overlays; nothing waits for a writer that never comes."""
    monkeypatch.chdir(here)
    spoil, reason = SPOILT[kind]
    path = here / "overlays" / "x.yaml"
    spoil(path)

    for read in (lambda: content(str(path)), lambda: load(str(here / "overlays"))):
        with pytest.raises(NatsvaluesError) as error:
            read()
        assert (error.value.code, error.value.message) == ("NV-I007", f"cannot read the file: {reason}")
        assert [place.file for place in error.value.where] == [str(path)]


@pytest.mark.parametrize("name", [".#us-east.yaml", ".us-east.yaml", ".#x.yml"])
def test_lock_files_of_editors_are_left_alone(name, here):
    """Emacs keeps a link to nowhere beside the file that is being edited."""
    before = load(str(here / "overlays"))
    os.symlink("somebody@host.4711:1700000000", here / "overlays" / name)

    assert load(str(here / "overlays")).regions.keys() == before.regions.keys()


def test_a_pipe_of_the_shell_is_read(run, here):
    """`diff <(helm template …) <(…)`: such a pipe is open already."""
    done = run("bash", "-c", "natsvalues diff <(cat input.yaml) <(cat input.yaml)", cwd=here)

    assert (done.returncode, done.stderr) == (0, "")


def test_a_folder_that_cannot_be_listed_is_named(tmp_path):
    """A file in its place, and one that does not exist."""
    (tmp_path / "file").touch()
    for name in ("file", "absent"):
        with pytest.raises(NatsvaluesError) as error:
            listed(str(tmp_path / name), (".yaml",))
        assert error.value.code == "NV-F010"


def test_a_file_without_end_is_refused(tmp_path, monkeypatch):
    """A device that never ends, and a file that is too long by one byte."""
    monkeypatch.setattr(files, "MOST_BYTES", 1000)
    (tmp_path / "long").write_bytes(b"x" * 1001)
    (tmp_path / "fits").write_bytes(b"x" * 1000)

    assert len(content(str(tmp_path / "fits"))) == 1000
    for path in ("/dev/zero", str(tmp_path / "long")):
        with pytest.raises(NatsvaluesError) as error:
            content(path)
        assert error.value.code == "NV-F014"


VERBS = {
    "post-render": ("post-render", "--overlays=overlays", "--region=eu-west"),
    "explain": ("explain", "x.yaml", "--overlays=overlays", "--region=eu-west"),
    "lint": ("lint", "x.yaml"),
    "lint of a folder": ("lint", "."),
    "topology": ("topology", "x.yaml"),
    "diff": ("diff", "input.yaml", "x.yaml"),
    "overlay": ("overlay", "list", "--overlays=overlays"),
    "rehearse": ("rehearse", "steps"),
    "export": ("export", "kustomize", "eu-west", "x.yaml", "--overlays=overlays", "-o", "out"),
    "values": ("values", "eu-west", "--overlays=overlays", "--chart=chart", "-f", "x.yaml"),
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_names_a_pipe_in_the_place_of_a_file(verb, here, refused):
    """A named pipe, which nobody writes to."""
    words = VERBS[verb]
    (here / "steps").mkdir()
    folder = "." if {"x.yaml", "."} & {*words} else "steps" if "steps" in words else "overlays"
    os.mkfifo(here / folder / "x.yaml")

    assert "it is a named pipe" in refused("NV-I007", *words, stdin="a: 1\n", cwd=here)
