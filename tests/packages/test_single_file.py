"""The single file on a bare Python without a network: it does what the installed program does, and unpacks itself."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
INSTALLED = os.path.join(os.path.dirname(sys.executable), "natsvalues")
pytestmark = pytest.mark.timeout(400)  # the first test of a run makes the release


@pytest.fixture
def cache(offline, tmp_path):
    """Folder where the single file unpacks itself, for this test alone."""
    offline.env["XDG_CACHE_HOME"] = str(tmp_path / "cache")
    return str(tmp_path / "cache" / "natsvalues")


def test_the_machine_is_bare(offline):
    """Its only network interface is loopback, and its Python finds neither natsvalues nor pip."""
    interfaces = offline.run("cat", "/proc/net/dev", check=True).stdout.splitlines()[2:]
    assert [line.partition(":")[0].strip() for line in interfaces] == ["lo"]
    for name in ("pip", "natsvalues", "ruamel"):
        assert "ModuleNotFoundError" in offline.run("python3", "-c", f"import {name}").stderr


def test_it_post_renders_as_the_installed_program_does(cache, offline, post_rendering, run, single_file):
    """The same bytes, on the first start and on the next; Python's own variables change nothing."""
    words, release = post_rendering
    wanted = run(INSTALLED, *words, stdin=release, check=True)
    assert wanted.stdout != release
    for env in ({}, {"PYTHONPATH": ROOT, "PYTHONHOME": "/nowhere"}):
        done = offline.run(single_file, *words, stdin=release, env=env)
        assert (done.returncode, done.stdout, done.stderr) == (0, wanted.stdout, wanted.stderr)
    [folder] = os.listdir(cache)
    imported = offline.run(
        "python3", "-ISXimporttime", single_file, *words, stdin=release, check=True
    ).stderr  # no second unpacking: it would import zipfile
    assert " zipfile" not in imported
    assert "natsvalues.cli.post_render" in imported
    assert os.listdir(cache) == [folder]


def test_other_commands(offline, single_file):
    """With the command-line library and its compiled parts."""
    helped = offline.run(single_file, "--help", check=True).stdout
    assert {"lint", "diff", "doctor", "plan", "rehearse"} <= set(re.findall(r"[a-z]+", helped))
    linted = offline.run(single_file, "lint", "--overlays", os.path.join(ROOT, "charts", "overlays"))
    assert (linted.returncode, linted.stderr) == (0, "")


def test_many_first_starts_at_once(cache, offline, single_file):
    """Helm starts several; each finds a whole folder, and nothing else is left."""
    with ThreadPoolExecutor(max_workers=4) as pool:
        done = list(pool.map(lambda _: offline.run(single_file, "--version"), range(4)))
    assert {(each.returncode, each.stderr) for each in done} == {(0, "")}
    assert len(os.listdir(cache)) == 1


def test_a_folder_that_cannot_be_written_is_an_error(offline, single_file, tmp_path):
    """It says what to set, and nothing comes out."""
    (tmp_path / "file").write_text("")
    there = {"XDG_CACHE_HOME": str(tmp_path / "file")}
    done = offline.run(single_file, "--version", env=there)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"error: {tmp_path}/file/natsvalues: cannot unpack the libraries of natsvalues: Not a directory\n"
        "help: set XDG_CACHE_HOME to a folder that can be written, and has room for 60 MB\n"
    )


def test_a_damaged_file_is_an_error(cache, offline, single_file, tmp_path):
    """A byte of a wheel differs: nothing is left that a later start would take for whole."""
    with open(single_file, "rb") as file, zipfile.ZipFile(file) as archive:
        file.seek(0)
        data = bytearray(file.read())
        wheel = next(item for item in archive.infolist() if item.filename.startswith("wheels/natsvalues-"))
    data[wheel.header_offset + wheel.file_size // 2] ^= 1
    damaged = tmp_path / "natsvalues"
    damaged.write_bytes(data)
    damaged.chmod(0o755)
    for _ in range(2):
        done = offline.run(damaged, "--version")
        assert (done.returncode, done.stdout, os.listdir(cache)) == (1, "", [])
        assert re.fullmatch(
            rf"error: {damaged}: it is damaged: .+\nhelp: compare its SHA-256 with SHA256SUMS.+\n", done.stderr
        )


def test_another_python_is_an_error(offline, single_file):
    """As a Python without compiled libraries in the file sees it."""
    text = (
        "import importlib.machinery as machinery, runpy, sys\n"
        "machinery.EXTENSION_SUFFIXES[0] = '.cpython-310-x86_64-linux-gnu.so'\n"
        "sys.argv = sys.argv[1:]\n"
        "runpy.run_path(sys.argv[0], run_name='__main__')\n"
    )
    done = offline.run("python3", "-c", text, single_file, "--version", env={"XDG_CACHE_HOME": "/nowhere"})
    assert (done.returncode, done.stdout) == (1, "")
    assert "has no libraries for this Python" in done.stderr
    assert "\nhelp: run it with CPython 3.11, 3.12, 3.13, 3.14 on Linux with glibc on x86_64; " in done.stderr


def test_what_is_in_it(release, single_file):
    """The wheels of the lock, by their hashes, and natsvalues' own: the one of the release."""
    with open(os.path.join(ROOT, "scripts", "locks", "run.txt"), encoding="utf-8") as file:
        locked = file.read()
    with zipfile.ZipFile(single_file) as archive:
        wheels = [name for name in archive.namelist() if name.endswith(".whl")]
        digests = {os.path.basename(name): hashlib.sha256(archive.read(name)).hexdigest() for name in wheels}
    [own] = [name for name in digests if name.startswith("natsvalues-")]
    with open(os.path.join(release, own), "rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == digests.pop(own)
    assert [name for name, digest in digests.items() if digest not in locked] == []
    assert not any(name.startswith(("hatchling", "pytest")) for name in digests)
    assert len([name for name in digests if name.startswith("ruamel_yaml_clib")]) == 4


def test_the_same_bytes_again(single_file, tmp_path):
    """The file that the script makes anew, in another folder and with another umask."""
    command = [sys.executable, os.path.join(ROOT, "scripts", "package.py"), str(tmp_path), "--machine", "x86_64"]
    subprocess.run(["sh", "-c", 'umask 077; exec "$@"', "sh", *command], check=True, capture_output=True)
    with open(tmp_path / os.path.basename(single_file), "rb") as again, open(single_file, "rb") as first:
        assert again.read() == first.read()
    assert shutil.which(str(tmp_path / os.path.basename(single_file)))
