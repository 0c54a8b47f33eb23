"""moto's server with load balancers in it, and the real `aws` on PATH."""

from __future__ import annotations

import json
import os
import socket
import subprocess

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))


@pytest.fixture(scope="session")
def cloud_tools(load_module):
    """Folder of `aws` and `moto_server`."""
    return load_module(os.path.join(ROOT, "scripts", "cloud_tools.py")).fetch()


@pytest.fixture
def aws_on_path(cloud_tools, monkeypatch, tmp_path):
    """The real `aws`, without anything of the caller's."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("PATH", cloud_tools, prepend=os.pathsep)
    return monkeypatch


@pytest.fixture
def moto(aws_on_path, cloud_tools, tmp_path, until):
    """Give what makes load balancers in moto's server; `aws` asks that server while the test runs."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    aws_on_path.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    aws_on_path.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    aws_on_path.setenv("AWS_SECRET_ACCESS_KEY", "seeded-secret-of-aws")
    command = [os.path.join(cloud_tools, "moto_server"), "--host", "127.0.0.1", "--port", str(port)]
    with open(tmp_path / "moto.log", "wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        assert until(lambda: _answers(port), 60)

        def make(wanted):
            python = os.path.join(cloud_tools, "python")
            done = subprocess.run(
                [python, os.path.join(HERE, "aws_world.py")],
                input=json.dumps(wanted),
                capture_output=True,
                check=False,
                text=True,
                timeout=100,
            )
            assert not done.returncode, done.stderr
            return json.loads(done.stdout)

        yield make
    finally:
        server.kill()
        server.wait()


def _answers(port):
    with socket.socket() as trial:
        trial.settimeout(1)
        return trial.connect_ex(("127.0.0.1", port)) == 0
