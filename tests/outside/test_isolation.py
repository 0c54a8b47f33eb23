import os
import shutil
import subprocess
import sys
import time

import pytest


def test_nothing_of_the_caller_leaks_into_a_command(monkeypatch, run, tmp_path):
    """Homes lie in the test's folder, and variables of helm, Kubernetes and natsvalues stay outside."""
    for name in ("HELM_NAMESPACE", "KUBECONFIG", "NATSVALUES_REGION", "KUBERNETES_SERVICE_HOST"):
        monkeypatch.setenv(name, "leaked")
    seen = dict(line.split("=", 1) for line in run("env", check=True).stdout.splitlines())
    assert "leaked" not in seen.values()
    homes = [name for name in seen if name == "HOME" or name.startswith(("XDG_", "HELM_"))]
    assert len(homes) == 9
    assert all(seen[name].startswith(str(tmp_path)) for name in homes)


def test_the_scripts_of_this_interpreter_come_first(isolated_env, run):
    """`natsvalues` on PATH is the one under test."""
    assert isolated_env["PATH"].split(os.pathsep)[0] == os.path.dirname(sys.executable)
    found = run("python", "-c", "import sys; print(sys.prefix)", check=True).stdout
    assert found.strip() == sys.prefix


def test_a_command_gets_its_input_and_gives_its_output(run):
    """Standard input goes in as text; both outputs and the exit code come back."""
    done = run("sh", "-c", "cat; echo no >&2; exit 3", stdin="yes")
    assert (done.stdout, done.stderr, done.returncode) == ("yes", "no\n", 3)


def test_a_hanging_command_ends_with_all_it_started(run):
    """A timeout also ends grandchildren: one that lived on would hold the pipe, and `run` with it."""
    start = time.monotonic()
    with pytest.raises(subprocess.TimeoutExpired):
        run("sh", "-c", "sleep 60 & wait", timeout=1)
    assert time.monotonic() - start < 20


# A test file with every way to skip; the names say what CI makes of each.
SKIPS = """
import pytest

def test_refused():
    pytest.skip("no helm here")

@pytest.mark.skipif(True, reason="wrong weather")
def test_refused_by_mark():
    pass

def test_allowed():
    pytest.skip("not in this clone: stored renderings")

@pytest.mark.xfail(reason="known", strict=True)
def test_known():
    assert False

def test_passes():
    pass
"""


@pytest.fixture
def project(binaries, tmp_path):
    """Return the folder of a small project that has our conftest."""
    tests = os.path.join(os.path.dirname(os.path.dirname(binaries.__file__)), "tests")
    folder = tmp_path / "project"
    folder.mkdir()
    for name in ("conftest.py", "building.py", "pinned_tools.py", "skips.py"):
        shutil.copy(os.path.join(tests, name), folder)
    (tmp_path / "scripts").symlink_to(os.path.dirname(binaries.__file__))
    (folder / "test_skips.py").write_text(SKIPS, encoding="utf-8")
    return folder


PYTEST = (sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider")


@pytest.mark.parametrize("workers", ["0", "2"])
def test_ci_skips_nothing_silently(project, run, workers):
    """In CI a skip is a failure with its reason, unless it is for data that the clone does not carry."""
    done = run(*PYTEST, "-n", workers, cwd=project, env={"CI": "true"})
    assert "1 failed, 1 passed, 1 skipped, 1 xfailed, 1 error" in done.stdout
    assert "skipped, and CI skips nothing: no helm here" in done.stdout
    assert "skipped, and CI skips nothing: wrong weather" in done.stdout
    assert "not in this clone: stored renderings" in done.stdout


def test_ci_does_not_skip_a_whole_module_either(project, run):
    """A module that skips itself is an error in CI."""
    (project / "test_skips.py").write_text("import pytest\npytest.importorskip('no_such_module')\n")
    done = run(*PYTEST, cwd=project, env={"CI": "true"})
    assert done.returncode not in {0, 5}
    assert "skipped, and CI skips nothing: could not import" in done.stdout


def test_outside_ci_a_skip_is_a_skip(project, run):
    """A person may skip."""
    done = run(*PYTEST, cwd=project)
    assert "1 passed, 3 skipped, 1 xfailed" in done.stdout
