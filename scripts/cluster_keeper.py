"""Keep a cluster while it has users: started by cluster.py, with the binaries' folder and a socket, the first user."""

from __future__ import annotations

import contextlib
import http
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from cluster import LOOPBACK, USERS, Cluster, ClusterError
from keeping import SOCKET, START_SECONDS, dies_with_parent, until_all_left


def keep(binaries: str, first: socket.socket) -> None:
    """Start the servers, serve users until none is left, stop the servers."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    folder = tempfile.mkdtemp(prefix="natsvalues-cluster-", dir="/tmp")  # a socket's path may have 107 characters only
    servers: dict[str, subprocess.Popen[bytes]] = {}
    users = [first]
    try:
        with socket.socket(socket.AF_UNIX) as listener, socket.socket() as reserved:
            listener.bind(os.path.join(folder, SOCKET))
            listener.listen()
            # Bound, never listening: keeps the port ours from here on, and the API server may share it.
            reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            reserved.bind((LOOPBACK, 0))
            cluster = Cluster(folder, reserved.getsockname()[1], {user: secrets.token_hex(16) for user in USERS})
            _serve(cluster, binaries, servers)
            first.sendall(json.dumps(cluster._asdict()).encode() + b"\n")
            until_all_left(listener, users, lambda: _refuse_dead(servers))
    except ClusterError as error:
        with contextlib.suppress(OSError):
            for user in users:
                user.sendall(f"{error}\n{_logs(folder)}\n".encode())
    finally:
        for server in reversed(servers.values()):
            server.kill()  # the data is thrown away, too
            server.wait()
        shutil.rmtree(folder, ignore_errors=True)
        for user in users:
            user.close()


def _serve(cluster: Cluster, binaries: str, servers: dict[str, subprocess.Popen[bytes]]) -> None:
    """Start etcd and the API server, wait until it is ready, and let the limited users read."""
    folder = cluster.folder
    etcd = f"unix://{folder}/etcd"
    servers["etcd"] = _spawn(
        folder, os.path.join(binaries, "etcd"), f"--data-dir={folder}/data", "--unsafe-no-fsync", "--log-level=warn",
        f"--listen-client-urls={etcd}", f"--advertise-client-urls={etcd}",
        f"--listen-peer-urls=unix://{folder}/peer", f"--initial-advertise-peer-urls=unix://{folder}/peer",
        f"--initial-cluster=default=unix://{folder}/peer",
    )  # fmt: skip
    key = os.path.join(folder, "accounts.key")
    made = subprocess.run(
        ["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key],
        capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
    if made.returncode:
        raise ClusterError(f"openssl made no key: {made.stderr}")
    tokens = os.path.join(folder, "tokens.csv")
    with open(os.open(tokens, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as file:
        file.writelines(f'{cluster.tokens[user]},{user},{user},"{group}"\n' for user, group in USERS.items())
    servers["kube-apiserver"] = _spawn(
        folder, os.path.join(binaries, "kube-apiserver"), f"--etcd-servers={etcd}",
        f"--bind-address={LOOPBACK}", f"--secure-port={cluster.port}", "--permit-port-sharing",
        f"--cert-dir={folder}/certificates", f"--token-auth-file={tokens}", "--authorization-mode=RBAC",
        "--service-account-issuer=https://natsvalues.test", f"--service-account-key-file={key}",
        f"--service-account-signing-key-file={key}", "--service-cluster-ip-range=10.96.0.0/16",
        "--disable-admission-plugins=ServiceAccount", "--endpoint-reconciler-type=none",
    )  # fmt: skip
    end = time.monotonic() + START_SECONDS
    while not _is_ready(cluster):
        _refuse_dead(servers)
        if time.monotonic() > end:
            raise ClusterError(f"the API server was not ready within {START_SECONDS} s")
        time.sleep(0.1)
    _let_read(cluster)


def _spawn(folder: str, program: str, *arguments: str) -> subprocess.Popen[bytes]:
    with open(os.path.join(folder, f"{os.path.basename(program)}.log"), "wb") as log:
        return subprocess.Popen(
            [program, *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder, env={"HOME": folder},
            preexec_fn=dies_with_parent,  # noqa: PLW1509 - one thread
        )  # fmt: skip


def _is_ready(cluster: Cluster) -> bool:
    with contextlib.suppress(OSError):  # no certificate yet, or nobody listens
        return cluster.request("GET", "/readyz")[0] == http.HTTPStatus.OK
    return False


def _let_read(cluster: Cluster) -> None:
    """Give the limited users their rights. `view` itself is empty where no controller aggregates it."""
    rbac = "/apis/rbac.authorization.k8s.io/v1"
    rules = [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list", "watch"]}]
    wanted = [("clusterroles", {"metadata": {"name": "natsvalues:secrets"}, "rules": rules})]
    for user, role in (
        ("reader", "system:aggregate-to-view"),
        ("auditor", "system:aggregate-to-view"),
        ("auditor", "natsvalues:secrets"),
    ):
        wanted.append(
            (
                "clusterrolebindings",
                {
                    "metadata": {"name": f"{user}:{role}"},
                    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
                    "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": USERS[user]}],
                },
            )
        )
    for resource, value in wanted:
        status, reply = cluster.request("POST", f"{rbac}/{resource}", value)
        if status != http.HTTPStatus.CREATED:
            raise ClusterError(f"{resource}: {reply}")


def _refuse_dead(servers: dict[str, subprocess.Popen[bytes]]) -> None:
    for name, server in servers.items():
        if server.poll() is not None:
            raise ClusterError(f"{name} ended by itself, with code {server.returncode}")


def _logs(folder: str) -> str:
    tails = []
    for name in ("etcd.log", "kube-apiserver.log"):
        with contextlib.suppress(OSError), open(os.path.join(folder, name), encoding="utf-8", errors="replace") as log:
            tails += [f"--- {name}", *log.read().splitlines()[-15:]]
    return "\n".join(tails)


if __name__ == "__main__":
    keep(sys.argv[1], socket.socket(fileno=int(sys.argv[2])))
