"""What decides the API server that the tests build, and what is left when it cannot be built."""

import os
import shutil
import subprocess
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@pytest.fixture
def building(load_module, tmp_path, monkeypatch):
    """Return scripts/cluster_build.py, at work in a copy of its Go module and in a tools folder of its own."""
    module = load_module(os.path.join(ROOT, "scripts", "cluster_build.py"))
    copy = shutil.copytree(module.MODULE, tmp_path / "module")
    monkeypatch.setattr(module, "MODULE", str(copy))
    monkeypatch.setenv("NATSVALUES_TOOLS", str(tmp_path / "tools"))
    return module


@pytest.fixture
def go(building):
    """Return the real Go and its environment."""
    try:
        return building._go()
    except building.NoGoError as error:
        pytest.skip(f"LEFT OUT: the tests of building with Go. {error}")


def test_without_go_the_error_says_which_is_needed(building, monkeypatch, tmp_path):
    """There is no other way to have an API server, so the error says what to install."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        building.NoGoError, match=r"no `go` on PATH; Kubernetes 1\.37\.2 is built with Go 1\.26 or newer"
    ):
        building.build()


def test_a_go_that_is_too_old_is_named(building, monkeypatch, tmp_path):
    """An older Go fails after minutes, with words about language versions; this is told at once."""
    script = tmp_path / "go"
    script.write_text(f'#!{sys.executable}\nprint(\'{{"GOVERSION": "go1.25.3"}}\')\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(building.NoGoError, match=r"go1\.25\.3 is too old"):
        building.build()


@pytest.mark.usefixtures("go")
def test_the_users_settings_do_not_reach_the_build(building, monkeypatch, tmp_path):
    """Flags, targets and workspaces of the environment change nothing; caches and proxies are the user's."""
    _, before = building._go()
    for name, text in {
        "GOFLAGS": "-tags=x",
        "GOOS": "windows",
        "GOAMD64": "v4",
        "CGO_ENABLED": "1",
        "GOWORK": "/x",
    }.items():
        monkeypatch.setenv(name, text)
    monkeypatch.setenv("GOCACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("GOPROXY", "off")
    program, after = building._go()
    assert after == before | {"GOCACHE": str(tmp_path / "cache"), "GOPROXY": "off"}
    assert building._key(program, after) == building._key(program, before)


@pytest.mark.parametrize("name", ["go.mod", "go.sum", "main.go", "pause/main.go"])
def test_each_file_of_the_module_decides(building, go, name):
    """What was built from other sources is not taken for this."""
    before = building._key(*go)
    with open(os.path.join(building.MODULE, name), "a", encoding="utf-8") as file:
        file.write("\n")
    assert building._key(*go) != before


@pytest.mark.usefixtures("go")
def test_a_failed_build_leaves_nothing_and_says_why(building, tmp_path):
    """The compiler's own words, and no half of a folder that a second run would trust."""
    with open(os.path.join(building.MODULE, "main.go"), "a", encoding="utf-8") as file:
        file.write("this is no Go\n")
    with pytest.raises(building.BuildError, match=r"main\.go"):
        building.build()
    assert os.listdir(tmp_path / "tools") == [".kubernetes.lock"]


@pytest.mark.slow
def test_a_killed_build_does_not_go_on(go, processes, tmp_path, until):
    """Whoever is killed while the servers compile leaves no compiler at work, which it would be for minutes."""
    _, environment = go
    tools = tmp_path / "killed"
    cold = {"GOCACHE": str(tmp_path / "cold"), "NATSVALUES_TOOLS": str(tools), "GOMODCACHE": environment["GOMODCACHE"]}
    script = os.path.join(ROOT, "scripts", "cluster_build.py")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([sys.executable, script], env=os.environ | cold, **quiet) as build:
        try:
            assert until(lambda: any("compile" in command for command in processes(cold["GOCACHE"]).values()), 60)
        finally:
            build.kill()
    assert until(lambda: not processes(cold["GOCACHE"]), 15), processes(cold["GOCACHE"])
    assert not [name for name in os.listdir(tools) if name.startswith("kubernetes-")]
