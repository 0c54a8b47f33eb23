"""One real nats-server that is asked to reload: it starts on loopback, takes SIGHUP, and shows what came of it."""

from __future__ import annotations

import contextlib
import glob
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS = 10
APPLIED = "Reloaded server configuration"
REFUSED = "Failed to reload server configuration: "


class Server:
    """A server of one configuration, in a folder of its own; `words` are what placeholders stand for."""

    def __init__(
        self, program: str, words: dict[str, str], conf: dict[str, Any], folder: str, others: dict[str, Server]
    ) -> None:
        self.folder = folder
        self.syslog = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.syslog.bind(("127.0.0.1", 0))
        self.syslog.setblocking(False)
        self.datagrams = ""
        self.words = {**words, "folder": folder, "syslog": f"udp://127.0.0.1:{self.syslog.getsockname()[1]}"}
        self.others = others
        self.path = os.path.join(folder, "nats.conf")
        self.log_path = os.path.join(folder, "stderr")
        for name in ("ports", "ports2"):
            os.mkdir(os.path.join(folder, name))
        self.write(conf)
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen([program, "-c", self.path], stdout=log, stderr=log, cwd=folder, env={})
        try:
            until(lambda: "Server is ready" in self.log() or self.process.poll() is not None)
            assert self.process.poll() is None, f"the server did not start:\n{self.log()}"
        except BaseException:
            self.end()
            raise

    def end(self) -> None:
        """Stop the process, whatever it does."""
        self.process.kill()
        self.process.wait()
        self.syslog.close()

    def write(self, conf: dict[str, Any]) -> None:
        """Write the configuration; JSON with one value on a line is what the server reads, too."""
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(json.dumps(filled(conf, self.words), indent=1)[1:-1])

    def log(self) -> str:
        """All that the server said, in log files and syslog, too."""
        with contextlib.suppress(OSError):
            while True:
                self.datagrams += self.syslog.recv(65536).decode() + "\n"
        said = self.datagrams
        for path in (self.log_path, *sorted(glob.glob(os.path.join(self.folder, "*.log")))):
            with contextlib.suppress(FileNotFoundError), open(path, encoding="utf-8") as file:
                said += file.read()
        return said

    def reload(self, conf: dict[str, Any]) -> tuple[str, str]:
        """Reload with this configuration: `reload`, `refused` or `crash`, and all that was said meanwhile.

        Asserts that the time in `/varz` moves with a reload and stays with a refusal.
        """
        before = self.log()
        loaded = self.loaded()
        self.write(conf)
        self.process.send_signal(signal.SIGHUP)
        said = ""

        def answered() -> bool:
            nonlocal said
            ended = self.process.poll() is not None
            said = "".join(line for line in self.log().splitlines(keepends=True) if line not in before)
            return APPLIED in said or REFUSED in said or ended

        until(answered)
        if APPLIED not in said and REFUSED not in said:
            assert "panic: " in said, said
            return "crash", said
        if REFUSED in said:
            assert self.loaded() == loaded, "/varz config_load_time tells otherwise"
            return "refused", said
        until(lambda: self.loaded() != loaded)  # the server says that it reloaded just before it notes the time
        return "reload", said

    def loaded(self) -> str:
        """When the server last took a configuration, as `/varz` tells it."""
        return self.monitor("varz")["config_load_time"]

    def ports(self) -> dict[str, list[str]]:
        """The addresses that the server writes into its ports file."""
        found: dict[str, list[str]] = {}

        def written() -> bool:
            for path in glob.glob(os.path.join(self.folder, "ports*", "*.ports")):
                with contextlib.suppress(ValueError, OSError), open(path, encoding="utf-8") as file:
                    found.update(json.load(file))
            return bool(found)

        until(written)
        return found

    def monitor(self, page: str) -> dict[str, Any]:
        """A page of the monitoring endpoint, such as `varz`."""
        url = f"{self.ports()['monitoring'][0]}/{page}"
        context = ssl._create_unverified_context() if url.startswith("https") else None  # noqa: S323  # loopback
        with urllib.request.urlopen(url, timeout=SECONDS, context=context) as answer:  # noqa: S310  # loopback
            return json.load(answer)

    def files(self, pattern: str) -> list[str]:
        """The files of the server's folder that match."""
        return sorted(glob.glob(os.path.join(self.folder, pattern)))

    def address(self, kind: str = "nats") -> tuple[str, int]:
        """Host and port of a listener."""
        if kind in ("gateway", "leaf", "mqtt"):
            return "127.0.0.1", self.monitor("varz")[kind]["port"]
        host, port = re.findall(r"([\d.]+):(\d+)", self.ports()[kind][0])[-1]
        return host, int(port)

    def dialogue(self, words: bytes = b"", **connect: Any) -> tuple[dict[str, Any], str]:
        """What the server offers to a client (INFO), and the first thing that it says to these words and a PING."""
        with socket.create_connection(self.address(), SECONDS) as client:
            client.settimeout(SECONDS)
            lines = client.makefile("rb")
            info = json.loads(lines.readline().partition(b" ")[2])
            options = json.dumps({"verbose": False, **connect}).encode()
            client.sendall(b"CONNECT " + options + b"\r\n" + words + b"PING\r\n")
            return info, lines.readline().decode().strip()

    def request(self, subject: str, **connect: Any) -> Any:
        """The answer of one responder to an empty request, which is JSON."""
        with socket.create_connection(self.address(), SECONDS) as client:
            client.settimeout(SECONDS)
            lines = client.makefile("rb")
            lines.readline()
            options = json.dumps({"verbose": False, **connect}).encode()
            client.sendall(b"CONNECT " + options + b"\r\nSUB in 1\r\nPUB " + subject.encode() + b" in 0\r\n\r\n")
            answer = lines.readline()
            assert answer.startswith(b"MSG"), answer
            return json.loads(lines.readline())

    def hears(self, speaker: Server) -> bool:
        """Whether a client here receives what a client of the other server publishes."""
        with (
            socket.create_connection(self.address(), SECONDS) as listening,
            socket.create_connection(speaker.address(), SECONDS) as speaking,
        ):
            listening.sendall(b"CONNECT {}\r\nSUB x 1\r\n")
            speaking.sendall(b"CONNECT {}\r\n")
            listening.settimeout(0.05)
            heard = b""
            for _ in range(10):  # the interest travels to the other server meanwhile
                speaking.sendall(b"PUB x 0\r\n\r\n")
                with contextlib.suppress(TimeoutError):
                    heard += listening.recv(4096)
                if b"MSG x" in heard:
                    return True
            return False

    def handshake(self, kind: str, *, first: bool, client: str | None = None, newest: str = "") -> bytes:
        """The certificate that a listener shows, as DER; empty where no TLS connection comes about.

        `first`: TLS begins before any INFO; `newest`: the newest TLS to offer. `client`: a certificate file to show, or
        empty for none; the server must then keep the connection, which TLS 1.3 tells only after the handshake.
        """
        context = ssl._create_unverified_context()  # noqa: S323  # loopback, and the certificate is the question
        if client:
            context.load_cert_chain(client, client.replace(".crt", ".key"))
        if newest:
            context.maximum_version = ssl.TLSVersion[newest]
        with contextlib.suppress(OSError), socket.create_connection(self.address(kind), SECONDS) as plain:
            plain.settimeout(SECONDS)
            if not first:
                while plain.recv(1) not in (b"\n", b""):
                    pass
            plain.settimeout(0.3)
            with context.wrap_socket(plain) as secure:
                if client is not None and _is_closed(secure):
                    return b""
                return secure.getpeercert(binary_form=True) or b""
        return b""


def _is_closed(client: ssl.SSLSocket) -> bool:
    """Whether the server ends a connection after its handshake; what it says meanwhile does not matter."""
    end = time.monotonic() + 0.2
    with contextlib.suppress(TimeoutError):
        while time.monotonic() < end:
            if not client.recv(4096):
                return True
    return False


def filled(value: Any, words: dict[str, str]) -> Any:
    """The value with what its placeholders stand for, and without what is None."""
    if isinstance(value, dict):
        return {key: filled(item, words) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [filled(item, words) for item in value]
    if isinstance(value, str):
        for name, word in words.items():
            value = value.replace("{" + name + "}", word)
    return value


def until(done: Callable[[], bool]) -> None:
    """Wait for something, not longer than SECONDS."""
    end = time.monotonic() + SECONDS
    while not done():
        assert time.monotonic() < end, "the server did not answer in time"
        time.sleep(0.002)


def certificates(folder: str) -> None:
    """Make one, two and same (.crt, .key), each signed by itself, for loopback; one and same share a key."""
    subject = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-days", "2"]
    new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    for name, key in {
        "one": [*new, "-keyout", f"{folder}/one.key"],
        "two": [*new, "-keyout", f"{folder}/two.key"],
        "same": ["-key", f"{folder}/one.key"],
    }.items():
        command = ["openssl", "req", "-x509", *key, "-subj", f"/CN={name}", *subject, "-out", f"{folder}/{name}.crt"]
        subprocess.run(command, check=True, capture_output=True, timeout=30)
    shutil.copy(f"{folder}/one.key", f"{folder}/same.key")
