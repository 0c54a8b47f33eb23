"""JetStream as a client sees it, through nats-py: create a stream, publish, count acknowledgements, read back.

Requests use the JetStream API's own JSON, so that a response is exactly what the server sent.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import ssl
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from natsvalues.outside.certificates import missing_extra
from natsvalues.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nats.aio.client import Client as Connection

SECONDS = 5.0
OURS = "a rehearsal of natsvalues; may be deleted"
"""The description of the streams that `make` creates."""
_AT_ONCE = 50


class Login(NamedTuple):
    """A client's credentials; all empty: it sends none."""

    user: str = ""
    password: str = ""
    token: str = ""


class Refused(NamedTuple):
    """The error that the server returned, or code 0 if there was no response."""

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


class Listed(NamedTuple):
    """A stream in the API's list: `last` is its last sequence number; `lagging` as in Stream."""

    name: str
    cluster: str
    is_ours: bool
    created: str
    messages: int
    last: int
    replicas: int
    lagging: tuple[str, ...]


class Client:
    """One connection to a region's servers."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def server(self) -> str:
        """Address and port of the server that this client is connected to; empty while there is none."""
        url = self._connection.connected_url
        return f"{url.hostname}:{url.port}" if self._connection.is_connected and url is not None else ""

    async def close(self) -> None:
        """Close the connection; a server that is gone is no error."""
        with contextlib.suppress(Exception):  # whatever a closing connection raises
            async with asyncio.timeout(2):
                await self._connection.close()

    async def make(self, name: str, cluster: str, replicas: int) -> Refused | None:
        """Create a stream `name` with its name as subject, placed in `cluster`; None on success."""
        config: dict[str, Any] = {
            "name": name,
            "subjects": [name],
            "num_replicas": replicas,
            "storage": "file",
            "max_msgs": 100_000,
        }
        config["description"] = OURS
        if cluster:
            config["placement"] = {"cluster": cluster}
        answer = await self._api(f"STREAM.CREATE.{name}", config)
        return answer if isinstance(answer, Refused) else None

    async def remove(self, name: str) -> bool:
        """Delete a stream; whether the server did."""
        return not isinstance(await self._api(f"STREAM.DELETE.{name}"), Refused)

    async def names(self) -> tuple[str, ...] | Refused:
        """The names of all streams that the API lists here."""
        answer = await self._api("STREAM.NAMES", {})
        return answer if isinstance(answer, Refused) else tuple(answer.get("streams") or ())

    async def listed(self) -> tuple[Listed, ...] | Refused:
        """All streams of the login's account that the API lists here."""
        streams: list[Listed] = []
        while True:
            answer = await self._api("STREAM.LIST", {"offset": len(streams)})
            if isinstance(answer, Refused):
                return answer
            page = answer.get("streams") or []
            streams += [_listed(item) for item in page]
            if not page or len(streams) >= int(answer.get("total") or 0):
                return tuple(streams)

    async def stream(self, name: str) -> Stream | Refused:
        """One stream."""
        answer = await self._api(f"STREAM.INFO.{name}")
        if isinstance(answer, Refused):
            return answer
        cluster = answer.get("cluster") or {}
        messages = int(answer["state"]["messages"])
        leader = str(cluster.get("leader") or "")
        replicas = len(cluster.get("replicas") or []) + 1
        return Stream(name, str(cluster.get("name") or ""), messages, leader, replicas, _lagging(cluster))

    async def publish(self, subject: str, text: str, seconds: float = SECONDS) -> bool:
        """Publish a message; returns whether a stream acknowledged it."""
        answer = await self._request(subject, text.encode(), seconds)
        return not isinstance(answer, Refused) and "seq" in answer and "error" not in answer

    async def read(self, name: str, last: int) -> set[str]:
        """The texts of all messages of a stream up to sequence `last`."""
        texts: set[str] = set()
        for first in range(1, last + 1, _AT_ONCE):
            numbers = range(first, min(first + _AT_ONCE, last + 1))
            answers = await asyncio.gather(*(self._api(f"STREAM.MSG.GET.{name}", {"seq": n}) for n in numbers))
            for answer in answers:
                if not isinstance(answer, Refused):
                    texts.add(base64.b64decode(answer["message"].get("data") or "").decode("utf-8", "replace"))
        return texts

    async def last_sequence(self, name: str) -> int:
        """The sequence number of a stream's last message; 0 where there is none."""
        answer = await self._api(f"STREAM.INFO.{name}")
        return 0 if isinstance(answer, Refused) else int(answer["state"]["last_seq"])

    @property
    def connection(self) -> Connection:
        """The connection of nats-py, for what is more than a request and its response."""
        return self._connection

    async def api(
        self, subject: str, request: dict[str, Any] | None = None, seconds: float = SECONDS
    ) -> dict[str, Any] | Refused:
        """The response to a request of the JetStream API, without `$JS.API.` before its subject."""
        data = json.dumps(request).encode() if request is not None else b""
        return await self._request(f"$JS.API.{subject}", data, seconds)

    async def _api(self, subject: str, request: dict[str, Any] | None = None) -> dict[str, Any] | Refused:
        data = json.dumps(request).encode() if request is not None else b""
        return await self._request(f"$JS.API.{subject}", data, SECONDS)

    async def _request(self, subject: str, data: bytes, seconds: float) -> dict[str, Any] | Refused:
        try:
            message = await self._connection.request(subject, data, timeout=seconds)
            answer: dict[str, Any] = json.loads(message.data)
        except Exception as error:  # noqa: BLE001   # nats-py raises many kinds, all of which mean: no response
            return Refused(0, _reason(error))
        failed = answer.get("error")
        return Refused(int(failed.get("err_code", 0)), str(failed.get("description", ""))) if failed else answer


def _listed(item: dict[str, Any]) -> Listed:
    config, state, cluster = item["config"], item["state"], item.get("cluster") or {}
    return Listed(
        str(config["name"]), str(cluster.get("name") or ""), config.get("description") == OURS,
        str(item.get("created") or ""), int(state["messages"]), int(state["last_seq"]),
        int(config.get("num_replicas") or 1), _lagging(cluster),
    )  # fmt: skip


def _lagging(cluster: dict[str, Any]) -> tuple[str, ...]:
    """The replicas that are offline or not current."""
    peers = cluster.get("replicas") or []
    return tuple(str(peer["name"]) for peer in peers if peer.get("offline") or not peer.get("current"))


def _reason(failure: Exception) -> str:
    name = type(failure).__name__
    return {"NoRespondersError": "no responders", "TimeoutError": "no response"}.get(name, name)


def require_client() -> None:
    """Raise NatsvaluesError if nats-py, which is in the extra `rehearse`, is not installed."""
    if find_spec("nats") is None:
        raise missing_extra("the JetStream API needs nats-py")


async def connect(listeners: Sequence[str], login: Login, tls: tuple[str, str, str] | None) -> Client | None:
    """Connect to one of these servers (`host:port`); None if none of them accepts the login.

    `tls`: certificate, key, authority.
    """
    import nats  # the optional extra: only where JetStream is checked

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
        """Ignore errors of the connection: failures show in the responses."""

    try:
        async with asyncio.timeout(SECONDS):
            urls = [f"{'tls' if tls else 'nats'}://{listener}" for listener in listeners]
            connection = await nats.connect(urls, connect_timeout=2, allow_reconnect=False, error_cb=quiet, **options)
    except Exception:  # noqa: BLE001   # nats-py raises many kinds, all of which mean: not connected
        return None
    return Client(connection)
