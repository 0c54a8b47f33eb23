"""Read from a cluster's API server, with the user's own credentials: through `kubectl proxy` on a Unix socket.

The socket is in a folder of ours, so no other user of the machine reads with these credentials; what changes anything
is refused by the proxy itself. Pods are asked through the API server, too: no other address is reached.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import tempfile
from typing import Any

from natsvalues.errors import NatsvaluesError
from natsvalues.outside import processes
from natsvalues.outside.loopback import Answer, exchange
from natsvalues.outside.user_programs import failed, kubectl
from natsvalues.text.messages import message_without_secrets

_START = 20.0
_LONGEST = 100
"""Bytes that the path of a Unix socket may have: 107 on Linux, 103 on macOS."""
_OK, _NOT_FOUND = 200, 404
_NOT_ALLOWED = (401, 403)
_SERVING = re.compile("Starting to serve on ")
_FORWARDING = re.compile(r"Forwarding from 127\.0\.0\.1:(\d+) ->")


class _Helper:
    """A kubectl that serves until it is ended, and says when it begins: `begins` matches that line."""

    def __init__(self, command: list[str], begins: re.Pattern[str]) -> None:
        self.command = command
        self.begun: re.Match[str] | None = None
        self.last = ""
        self._begins = begins
        self._event = asyncio.Event()
        self.program = processes.start(command, os.environ, os.getcwd(), self._hear)

    def _hear(self, line: str) -> None:
        self.last = line
        self.begun = self.begun or self._begins.search(line)
        if self.begun is not None:
            self._event.set()

    @property
    def serves(self) -> bool:
        """Whether it has begun and not ended."""
        return self.begun is not None and self.program.code is None

    async def begin(self, seconds: float) -> bool:
        """Wait until it serves; false if it does not."""
        waiting = [asyncio.create_task(self._event.wait()), asyncio.create_task(self.program.ended())]
        try:
            await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
        return self.serves


class ApiServer:
    """One kube context's API server. `words` are kubectl's options that select it, `socket` is its proxy's."""

    def __init__(self, words: list[str], socket: str) -> None:
        self.words = words
        self._folder = tempfile.mkdtemp(prefix="natsvalues-", dir="/tmp") if len(os.fsencode(socket)) > _LONGEST else ""
        self._socket = os.path.join(self._folder, "socket") if self._folder else socket
        self._helper: _Helper | None = None

    async def open(self) -> None:
        """Start the proxy. Raises NatsvaluesError if kubectl does not."""
        command = [kubectl(), "proxy", *self.words, f"--unix-socket={self._socket}", "--reject-methods=^[^G]"]
        self._helper = _Helper(command, _SERVING)
        if not await self._helper.begin(_START):
            raise failed(command, self._helper.last or "it does not serve")

    async def get(self, path: str, seconds: float = 5) -> Answer:
        """GET a path; status 0 and the reason if there is no answer."""
        try:
            async with asyncio.timeout(seconds):
                reader, writer = await asyncio.open_unix_connection(self._socket, limit=1 << 24)
                return await exchange(reader, writer, "localhost", path)
        except TimeoutError:
            return Answer(0, f"no response within {seconds:g} s")
        except (OSError, ValueError, EOFError) as error:
            return Answer(0, type(error).__name__)

    async def read(self, path: str) -> dict[str, Any] | None:
        """An object or a list; None for one that does not exist. Raises NatsvaluesError (NV-R038)."""
        answer = await self.get(path)
        if answer.status == _NOT_FOUND:
            return None
        if answer.status == _OK:
            with contextlib.suppress(ValueError):
                content = json.loads(answer.body)
                return content if isinstance(content, dict) else {}
        raise _refused(path, answer)

    async def ask_pod(self, pod: str, port: int, path: str, *, scheme: str = "HTTP", seconds: float = 2.5) -> Answer:
        """GET a path of a pod (`NAMESPACE/NAME`), as the API server reaches it; status 0 if it does not reach it.

        Raises NatsvaluesError (NV-R038) if the API server does not allow it.
        """
        namespace, _, name = pod.partition("/")
        prefix = "https:" if scheme == "HTTPS" else ""
        whole = f"/api/v1/namespaces/{namespace}/pods/{prefix}{name}:{port}/proxy{path}"
        answer = await self.get(whole, seconds)
        if not _is_of_api_server(answer):
            return answer
        if answer.status in _NOT_ALLOWED:
            raise _refused(whole, answer)
        return Answer(0, _message(answer))

    async def close(self) -> None:
        """End the proxy."""
        if self._helper is not None:
            await self._helper.program.kill()
        self._forget()

    def kill_now(self) -> None:
        """End the proxy without an event loop."""
        if self._helper is not None:
            self._helper.program.kill_now()
        self._forget()

    def _forget(self) -> None:
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)


class PortForward:
    """A local port that leads to a port of one pod, as long as the pod is there."""

    def __init__(self, words: list[str], pod: str, port: int) -> None:
        command = [kubectl(), "port-forward", *words, f"pod/{pod}", f":{port}", "--address=127.0.0.1"]
        self._helper = _Helper(command, _FORWARDING)

    @property
    def listener(self) -> str:
        """Where it listens; empty until it does."""
        return f"127.0.0.1:{self._helper.begun[1]}" if self._helper.begun is not None else ""

    @property
    def is_open(self) -> bool:
        """Whether it still forwards, or begins to."""
        return self._helper.program.code is None

    async def opened(self, seconds: float = 5) -> bool:
        """Wait until it forwards; false if it does not. Raises NatsvaluesError (NV-R038) if that is forbidden."""
        begun = await self._helper.begin(seconds)
        if not begun and "forbidden" in self._helper.last:
            raise failed(self._helper.command, self._helper.last)
        return begun

    async def close(self) -> None:
        """End it."""
        await self._helper.program.kill()

    def kill_now(self) -> None:
        """End it without an event loop."""
        self._helper.program.kill_now()


def _is_of_api_server(answer: Answer) -> bool:
    """Whether the API server answered instead of the pod."""
    return answer.status != _OK and '"kind":"Status"' in answer.body.replace(" ", "")[:200]


def _refused(path: str, answer: Answer) -> NatsvaluesError:
    return NatsvaluesError(
        "NV-R038",
        f"the API server does not give {path.partition('?')[0]}: {message_without_secrets(_message(answer))}",
        hint="check the context's address and login; `natsvalues docs rights` lists what a rehearsal reads",
    )


def _message(answer: Answer) -> str:
    try:
        return str(json.loads(answer.body)["message"])[:300]
    except (ValueError, KeyError, TypeError):
        return answer.body[:300] or f"status {answer.status}"
