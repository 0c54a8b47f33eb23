"""Try one configuration on a real nats-server: `-t`, and a start on loopback in a scratch folder."""

from __future__ import annotations

import contextlib
import glob
import itertools
import json
import os
import re
import signal
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any, NamedTuple

from natsvalues.text.natsconf import ConfOp, edit, read, symbolic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from natsvalues.manifests.chart import Nats

PORTS = {"port", "http_port", "https_port", "prof_port"}
ENDPOINTS = {"listen", "http", "https"}
"""Settings with an address and a port, or the port alone, which is on all addresses then."""
FILES = {"cert_file", "key_file", "ca_file"}
LISTENERS = ("cluster", "gateway", "leafnodes", "leaf", "websocket", "mqtt")
SECONDS = 20
_HOST = re.compile(r"(?<=://)((?:[^@/]*@)?)[^/]*\Z")


class Trial(NamedTuple):
    """What a server reads: the configuration, files beside it, and its environment; hashable."""

    version: str
    conf: str
    beside: tuple[tuple[str, str], ...]
    environment: tuple[tuple[str, str], ...]
    arguments: tuple[str, ...] = ()


def trial_of(nats: Nats) -> Trial:
    """What the container of a rendered StatefulSet would start with."""
    beside = {name: text for name, text in nats.config_map.value["data"].items() if name != nats.config_key}
    environment: dict[str, str] = {}
    for item in nats.container_value.get("env") or []:
        if "valueFrom" in item:
            pod_name = "fieldRef" in item["valueFrom"]
            environment[item["name"]] = f"{nats.name}-0" if pod_name else "from-a-secret"
        else:
            environment[item["name"]] = re.sub(r"\$\((\w+)\)", lambda name: environment[name[1]], item["value"])
    words = [re.sub(r"\$\((\w+)\)", lambda name: environment[name[1]], word) for word in _arguments(nats)]
    return Trial(str(nats.version), nats.conf, tuple(beside.items()), tuple(environment.items()), tuple(words))


def _arguments(nats: Nats) -> list[str]:
    """What follows the program on the container's command line, without the configuration file."""
    container = nats.container_value
    words = [str(word) for word in (*(container.get("command") or [])[1:], *(container.get("args") or []))]
    for name in ("--config", "-c"):
        if name in words:
            del words[words.index(name) : words.index(name) + 2]
    return words


def certificate(folder: str) -> None:
    """Make tls.crt and tls.key, signed by itself, for loopback."""
    files = ["-keyout", f"{folder}/tls.key", "-out", f"{folder}/tls.crt"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    subprocess.run(["openssl", "req", "-x509", *key, *files, *names], check=True, capture_output=True, timeout=30)


def on_loopback(conf: str, folder: str, certificates: str) -> str:
    """The configuration with any free ports, on 127.0.0.1, with its files in `folder`, and remotes nowhere."""
    given = symbolic(read(conf))
    nowhere = itertools.count(1)  # different for each, because a server refuses one route twice
    ops = [ConfOp("replace", path, content) for path, content in _moves(given, (), folder, certificates, nowhere)]
    ops += [ConfOp("add", (name, "host"), "127.0.0.1") for name in LISTENERS if name in given]
    ops += [ConfOp("add", ("host",), "127.0.0.1"), ConfOp("add", ("ports_file_dir",), folder)]
    # One stored rendering asks for what no server takes: a token beside users, and a resolver without an operator.
    if "token" in given.get("authorization", {}) and "users" in str(given.get("accounts")):
        ops.append(ConfOp("remove", ("authorization", "token")))
    if "resolver" in given and "operator" not in given:
        ops.append(ConfOp("remove", ("resolver",)))
    return edit(conf, ops)


def _moves(
    value: Any, at: tuple[str | int, ...], folder: str, certificates: str, nowhere: Iterator[int]
) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in entries:
        path = (*at, key)
        if key in PORTS and item != 0:  # 0 is off
            yield path, -1
        elif key in ENDPOINTS and not isinstance(item, dict):
            yield path, "127.0.0.1:-1"
        elif key in FILES:
            yield path, f"{certificates}/{'tls.key' if key == 'key_file' else 'tls.crt'}"
        elif key in ("store_dir", "dir"):
            yield path, f"{folder}/{'-'.join(map(str, path))}"
        elif key == "pid_file":
            yield path, f"{folder}/nats.pid"
        elif isinstance(item, str) and "://" in item:
            yield path, _HOST.sub(rf"\g<1>127.0.0.1:{next(nowhere)}", item)
        else:
            yield from _moves(item, path, folder, certificates, nowhere)


def checked(program: str, trial: Trial, certificates: str, visit: Callable[[str], None] | None = None) -> str:
    """What is wrong with `nats-server -t` and with a real start; empty if both are well.

    `visit` is called with the server's folder while it runs.
    """
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (*trial.beside, ("nats.conf", on_loopback(trial.conf, folder, certificates))):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(text)
        command = [program, "-c", os.path.join(folder, "nats.conf"), *trial.arguments]
        environment = dict(trial.environment)
        tested = subprocess.run(
            [*command, "-t"], env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
        )
        return tested.stderr if tested.returncode else _started(command, environment, folder, visit)


def _started(command: list[str], environment: dict[str, str], folder: str, visit: Callable[[str], None] | None) -> str:
    log = os.path.join(folder, "log")
    with open(log, "wb") as output:
        server = subprocess.Popen(command, env=environment, stdout=output, stderr=output, cwd=folder)
    try:
        end = time.monotonic() + SECONDS
        while not _is_healthy(folder):
            if server.poll() is not None or time.monotonic() > end:
                with open(log, encoding="utf-8") as lines:
                    return f"exit code {server.poll()}\n" + "".join(lines.readlines()[-12:])
            time.sleep(0.05)
        if visit is not None:
            visit(folder)
        return ""
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(5)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def monitoring(folder: str, page: str) -> Any:
    """A page of the monitoring port of the server that runs in a folder."""
    (path,) = glob.glob(os.path.join(folder, "*.ports"))
    with open(path, encoding="utf-8") as file:
        url = json.load(file)["monitoring"][0]
    with urllib.request.urlopen(f"{url}/{page}", timeout=5) as answer:  # noqa: S310  # loopback
        return json.load(answer)


def client_port(folder: str) -> int:
    """The port for clients of the server that runs in a folder."""
    (path,) = glob.glob(os.path.join(folder, "*.ports"))
    with open(path, encoding="utf-8") as file:
        return int(json.load(file)["nats"][0].rpartition(":")[2])


def _is_healthy(folder: str) -> bool:
    """Whether the monitoring port, which the server writes into a file, answers that the server is up."""
    for path in glob.glob(os.path.join(folder, "*.ports")):
        with contextlib.suppress(ValueError, KeyError, urllib.error.URLError, OSError), open(path) as file:
            url = json.load(file)["monitoring"][0] + "/healthz?js-enabled-only=true"
            context = ssl._create_unverified_context() if url.startswith("https") else None  # noqa: S323  # loopback
            with urllib.request.urlopen(url, timeout=2, context=context) as answer:  # noqa: S310  # loopback
                return answer.status == 200
    return False
