"""JetStream as a client sees it, through nats-py: make a stream, publish and count what was acknowledged, read back.

Requests go to the JetStream API as it is written on the wire, so that an answer is what the server said.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import ssl
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

from natsvalues.outside.certificates import missing_extra

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nats.aio.client import Client as Connection

SECONDS = 5.0
_AT_ONCE = 50


class Login(NamedTuple):
    """How a client presents itself; all empty: it does not."""

    user: str = ""
    password: str = ""
    token: str = ""


class Refused(NamedTuple):
    """The server's own refusal, or that nobody answered (code 0)."""

    code: int
    reason: str


class Stream(NamedTuple):
    """A stream as the API shows it; `lagging` are replicas that are offline or not current."""

    name: str
    cluster: str
    messages: int
    leader: str
    replicas: int
    lagging: tuple[str, ...]


class Client:
    """One connection to a region's servers."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def server(self) -> str:
        """Address of the server that this client is connected to; empty while there is none."""
        url = self._connection.connected_url
        return str(url.hostname) if self._connection.is_connected and url is not None else ""

    async def close(self) -> None:
        """Leave; a server that has gone does not matter."""
        with contextlib.suppress(Exception):  # whatever a dying connection raises
            async with asyncio.timeout(2):
                await self._connection.close()

    async def make(self, name: str, cluster: str, replicas: int) -> Refused | None:
        """Make a stream `name` with the subject of its name, placed in `cluster`; None if that was done."""
        config = {"name": name, "subjects": [name], "num_replicas": replicas, "storage": "file", "max_msgs": 100_000}
        if cluster:
            config["placement"] = {"cluster": cluster}
        answer = await self._api(f"STREAM.CREATE.{name}", config)
        return answer if isinstance(answer, Refused) else None

    async def remove(self, name: str) -> None:
        """Delete a stream."""
        await self._api(f"STREAM.DELETE.{name}")

    async def names(self) -> tuple[str, ...] | Refused:
        """All streams' names that the API tells here."""
        answer = await self._api("STREAM.NAMES", {})
        return answer if isinstance(answer, Refused) else tuple(answer.get("streams") or ())

    async def stream(self, name: str) -> Stream | Refused:
        """One stream."""
        answer = await self._api(f"STREAM.INFO.{name}")
        if isinstance(answer, Refused):
            return answer
        cluster = answer.get("cluster") or {}
        peers = cluster.get("replicas") or []
        lagging = tuple(str(peer["name"]) for peer in peers if peer.get("offline") or not peer.get("current"))
        messages = int(answer["state"]["messages"])
        leader = str(cluster.get("leader") or "")
        return Stream(name, str(cluster.get("name") or ""), messages, leader, len(peers) + 1, lagging)

    async def publish(self, subject: str, text: str, seconds: float = SECONDS) -> bool:
        """Publish, and whether a stream acknowledged it."""
        answer = await self._request(subject, text.encode(), seconds)
        return not isinstance(answer, Refused) and "seq" in answer and "error" not in answer

    async def read(self, name: str, last: int) -> set[str]:
        """The texts of all messages of a stream up to sequence `last`."""
        found: set[str] = set()
        for first in range(1, last + 1, _AT_ONCE):
            numbers = range(first, min(first + _AT_ONCE, last + 1))
            answers = await asyncio.gather(*(self._api(f"STREAM.MSG.GET.{name}", {"seq": n}) for n in numbers))
            for answer in answers:
                if not isinstance(answer, Refused):
                    found.add(base64.b64decode(answer["message"].get("data") or "").decode("utf-8", "replace"))
        return found

    async def last_sequence(self, name: str) -> int:
        """The sequence number of a stream's last message; 0 where there is none."""
        answer = await self._api(f"STREAM.INFO.{name}")
        return 0 if isinstance(answer, Refused) else int(answer["state"]["last_seq"])

    async def _api(self, subject: str, asked: dict[str, Any] | None = None) -> dict[str, Any] | Refused:
        data = json.dumps(asked).encode() if asked is not None else b""
        return await self._request(f"$JS.API.{subject}", data, SECONDS)

    async def _request(self, subject: str, data: bytes, seconds: float) -> dict[str, Any] | Refused:
        try:
            message = await self._connection.request(subject, data, timeout=seconds)
            answer: dict[str, Any] = json.loads(message.data)
        except Exception as error:  # noqa: BLE001   # nats-py has many kinds, all of which mean: no answer
            return Refused(0, _said(error))
        failed = answer.get("error")
        return Refused(int(failed.get("err_code", 0)), str(failed.get("description", ""))) if failed else answer


def _said(error: Exception) -> str:
    name = type(error).__name__
    return {"NoRespondersError": "no responders", "TimeoutError": "no answer"}.get(name, name)


def require_client() -> None:
    """Raise NatsvaluesError where nats-py, which the extra brings, is not installed."""
    if find_spec("nats") is None:
        raise missing_extra("JetStream is asked through nats-py")


async def connect(addresses: Sequence[str], port: int, login: Login, tls: tuple[str, str, str] | None) -> Client | None:
    """Connect to one of these servers; None if none of them lets us in. `tls`: certificate, key, authority."""
    import nats  # the optional extra: only where JetStream is looked at

    options: dict[str, Any] = {}
    if tls is not None:
        context = ssl.create_default_context(cafile=tls[2])
        context.load_cert_chain(tls[0], tls[1])
        options["tls"] = context
    if login.token:
        options["token"] = login.token
    elif login.user:
        options.update(user=login.user, password=login.password)

    async def quiet(_: Exception) -> None:
        """Nothing: what fails shows in the answers."""

    try:
        async with asyncio.timeout(SECONDS):
            urls = [f"{'tls' if tls else 'nats'}://{address}:{port}" for address in addresses]
            connection = await nats.connect(urls, connect_timeout=2, allow_reconnect=False, error_cb=quiet, **options)
    except Exception:  # noqa: BLE001   # nats-py has many kinds, all of which mean: not connected
        return None
    return Client(connection)
