"""A real kube-apiserver with its etcd, on loopback, with no node: what the tests install releases on.

`python scripts/cluster.py` builds it if need be, starts one and says how to use it; Ctrl-C ends it.

A keeper process (cluster_keeper.py) starts the servers and ends them when its last user is gone. A user is an open
connection to the keeper's socket, so that the kernel also reports users that were killed; and the servers are
killed by the kernel when the keeper is. Nothing has to be cleaned up, whoever dies in whatever way.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
from typing import Any, NamedTuple

LOOPBACK = "127.0.0.1"
START_SECONDS = 60
STOP_SECONDS = 20
READY = b"ready\n"
USERS = {
    "admin": "system:masters",
    "reader": "natsvalues:readers",  # may read what the role `view` may: no Secrets
    "auditor": "natsvalues:auditors",  # reads Secrets, too
}
KEEPER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cluster_keeper.py")
_keepers: list[subprocess.Popen[bytes]] = []
"""Our children; held because they may outlive our use of them."""


class ClusterError(Exception):
    """A cluster that did not come up or did not stay up; the message has the end of its logs."""


class Cluster(NamedTuple):
    """A running cluster: its folder, its url, and one bearer token for each of USERS."""

    folder: str
    port: int
    tokens: dict[str, str]

    @property
    def url(self) -> str:
        """Where the API server listens."""
        return f"https://{LOOPBACK}:{self.port}"

    @property
    def certificate(self) -> str:
        """File of the certificate that the server made for itself, which is its own authority."""
        return os.path.join(self.folder, "certificates", "apiserver.crt")

    def kubeconfig(self, user: str = "admin", namespace: str = "default") -> str:
        """The text of a kubeconfig (JSON is YAML) for one of USERS."""
        with open(self.certificate, "rb") as file:
            authority = base64.b64encode(file.read()).decode()
        server = {"server": self.url, "certificate-authority-data": authority}
        return json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "test", "cluster": server}],
                "users": [{"name": user, "user": {"token": self.tokens[user]}}],
                "contexts": [{"name": user, "context": {"cluster": "test", "user": user, "namespace": namespace}}],
                "current-context": user,
            }
        )

    def request(
        self, method: str, path: str, body: Any = None, *, user: str = "admin", content: str = "application/json"
    ) -> tuple[int, Any]:
        """Ask the API server: the HTTP status, and the answer's JSON (its text where it is none)."""
        context = ssl.create_default_context(cafile=self.certificate)
        connection = http.client.HTTPSConnection(LOOPBACK, self.port, timeout=20, context=context)
        try:
            data = None if body is None else json.dumps(body)
            headers = {"Authorization": f"Bearer {self.tokens[user]}", "Content-Type": content}
            connection.request(method, path, data, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, text


def start(binaries: str) -> tuple[Cluster, socket.socket]:
    """Start a keeper and wait for its cluster; the cluster lives until every user has left."""
    mine, keepers = socket.socketpair()
    with keepers:
        keeper = subprocess.Popen(
            [sys.executable, KEEPER, binaries, str(keepers.fileno())],
            pass_fds=[keepers.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the tests; their end is what the keeper waits for
            env={"PATH": os.environ.get("PATH", os.defpath)},
        )
    _keepers.append(keeper)
    mine.settimeout(2 * START_SECONDS)
    reply = _line(mine)
    if not reply.startswith(b"{"):
        raise ClusterError(reply.decode(errors="replace") + _rest(mine).decode(errors="replace"))
    return Cluster(**json.loads(reply)), mine


def join(cluster: Cluster) -> socket.socket:
    """Become a user of a running cluster. Raises OSError when it is gone."""
    with contextlib.ExitStack() as undo:
        user = undo.enter_context(socket.socket(socket.AF_UNIX))
        user.settimeout(STOP_SECONDS)
        user.connect(os.path.join(cluster.folder, "users"))
        welcome = _line(user)
        undo.pop_all()
    if welcome != READY:
        user.close()
        raise ConnectionError("the cluster is about to stop")
    return user


def leave(user: socket.socket) -> None:
    """Stop being a user; the last one waits until both servers have ended. Raises ClusterError if one died before."""
    with user:
        user.settimeout(STOP_SECONDS)
        user.shutdown(socket.SHUT_WR)
        reply = _rest(user)
    if reply:
        raise ClusterError(reply.decode(errors="replace"))


def _line(connection: socket.socket) -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        piece = connection.recv(1)  # no more: what follows is for others to read
        if not piece:
            break
        line += piece
    return line


def _rest(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65536), b""))


def main() -> int:
    """Keep a cluster for a person until Ctrl-C."""
    from cluster_build import BuildError, build

    try:
        cluster, user = start(build())
    except (BuildError, ClusterError) as error:
        print(f"cluster: {error}", file=sys.stderr)
        return 1
    try:
        path = os.path.join(cluster.folder, "kubeconfig")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as file:
            file.write(cluster.kubeconfig())
        print(f"export KUBECONFIG={path}   # until Ctrl-C here", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()
    finally:
        leave(user)
    return 0


if __name__ == "__main__":
    sys.exit(main())
