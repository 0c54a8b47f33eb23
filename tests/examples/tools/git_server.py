"""A git repository that is served on loopback by git's own server: what Flux and Argo CD read."""

from __future__ import annotations

import contextlib
import functools
import http.server
import os
import subprocess
import threading
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

AUTHOR = ("-c", "user.name=T", "-c", "user.email=t@example.com")


class Repository(NamedTuple):
    """A working copy, and the address from which its commits are read."""

    folder: str
    url: str

    def git(self, *words: str) -> str:
        """Run git in the working copy; gives what it prints."""
        env = {"PATH": os.environ["PATH"], "HOME": self.folder, "GIT_CONFIG_NOSYSTEM": "1"}
        command = ["git", *AUTHOR, *words]
        return subprocess.run(
            command, cwd=self.folder, env=env, check=True, capture_output=True, text=True, timeout=60
        ).stdout

    def commit(self) -> str:
        """Commit and publish everything; gives the commit."""
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "x")
        self.git("push", "-q", "origin", "HEAD:refs/heads/main")
        return self.git("rev-parse", "HEAD").strip()


@contextlib.contextmanager
def published(folder: str, served: str) -> Iterator[Repository]:
    """Make a working copy of a folder and publish it, as `platform.git` in the folder `served`."""
    bare = os.path.join(served, "platform.git")
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", bare], check=True, timeout=60)
    handler = functools.partial(_Backend, served)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            repository = Repository(folder, f"http://127.0.0.1:{server.server_port}/platform.git")
            repository.git("init", "-q", "-b", "main")
            with open(os.path.join(folder, ".git", "info", "exclude"), "w", encoding="utf-8") as file:
                file.write("/bin/\n")  # the programs of a walkthrough: links to elsewhere, which Argo CD refuses
            repository.git("remote", "add", "origin", bare)
            repository.commit()
            yield repository
        finally:
            server.shutdown()
            thread.join()


class _Backend(http.server.BaseHTTPRequestHandler):
    """`git http-backend`, which is a CGI program."""

    def __init__(self, served: str, *words: object) -> None:
        self.served = served
        super().__init__(*words)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        """Answer with what the program says."""
        path, _, query = self.path.partition("?")
        env = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": self.served,
            "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        body = self._chunks() if self.headers.get("Transfer-Encoding") == "chunked" else self._body()
        done = subprocess.run(["git", "http-backend"], input=body, env=env, capture_output=True, check=False)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if line)
        self.send_response(int(headers.pop("Status", "200").split()[0]))
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET  # noqa: N815 - http.server's name

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _chunks(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        return body

    def log_message(self, *words: object) -> None:
        """Nobody reads it."""
