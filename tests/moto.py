"""moto's server, which answers as AWS does, on loopback: for tests that ask it with the real `aws`."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = os.path.dirname(os.path.abspath(__file__))
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "seeded-secret-of-aws"}


@contextlib.contextmanager
def serving(
    tools: str, folder: str, until: Callable[..., bool]
) -> Iterator[tuple[dict[str, str], Callable[[Any], Any]]]:
    """Serve: give the variables with which `aws` asks this server, and what makes load balancers (aws_world.py)."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    variables = KEYS | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "AWS_EC2_METADATA_DISABLED": "true"}
    command = [os.path.join(tools, "moto_server"), "--host", "127.0.0.1", "--port", str(port)]
    with open(os.path.join(folder, "moto.log"), "wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        assert until(lambda: _answers(port), 60)

        def make(wanted: Any) -> Any:
            done = subprocess.run(
                [os.path.join(tools, "python"), os.path.join(HERE, "aws_world.py")],
                input=json.dumps(wanted),
                env={"HOME": folder, **variables},
                capture_output=True,
                check=False,
                text=True,
                timeout=100,
            )
            assert not done.returncode, done.stderr
            return json.loads(done.stdout)

        yield variables, make
    finally:
        server.kill()
        server.wait()


def _answers(port: int) -> bool:
    with socket.socket() as trial:
        trial.settimeout(1)
        return trial.connect_ex(("127.0.0.1", port)) == 0
