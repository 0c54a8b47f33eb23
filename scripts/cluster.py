"""A real kube-apiserver with its etcd, on loopback, with no node: what the tests install releases on.

`python scripts/cluster.py` builds it if need be, starts one and says how to use it; Ctrl-C ends it.

A keeper process (cluster_keeper.py, keeping.py) starts the servers and ends them when its last user is gone. Nothing
has to be cleaned up, whoever dies in whatever way.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import signal
import ssl
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

sys.path.append(os.path.dirname(os.path.abspath(__file__)))

import keeping

if TYPE_CHECKING:
    import socket

LOOPBACK = "127.0.0.1"
USERS = {
    "admin": "system:masters",
    "reader": "natsvalues:readers",  # may read what the role `view` may: no Secrets
    "auditor": "natsvalues:auditors",  # reads Secrets, too
}
KEEPER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cluster_keeper.py")

ClusterError = keeping.KeepingError


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
    reply, user = keeping.begin(KEEPER, binaries)
    return Cluster(**json.loads(reply)), user


def join(cluster: Cluster) -> socket.socket:
    """Become a user of a running cluster. Raises OSError when it is gone."""
    return keeping.join(cluster.folder)


def leave(user: socket.socket) -> None:
    """Stop being a user; the last one waits until both servers have ended. Raises ClusterError if one died before."""
    keeping.leave(user)


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
