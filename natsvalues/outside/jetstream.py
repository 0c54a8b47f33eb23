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
VIOLATION = "violation"
"""In what servers say of a login that they do not accept, and of what one may not do."""
_OUR_BYTES = 2 << 20
"""Reserved when the stream is created: a full account would keep its replicas from ever being current (2.14.6)."""
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


class ConsumerState(NamedTuple):
    """What a consumer has: the stream's sequence up to which all is acknowledged, and messages that are not yet."""

    floor: int
    pending: int


class Client:
    """One connection to a region's servers; `violations` are what the server said that its login may not do."""

    def __init__(self, connection: Connection, violations: list[str] | None = None) -> None:
        self._connection = connection
        self._violations = violations if violations is not None else []

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
        return await self.create(own_stream(name, cluster, replicas))

    async def create(self, config: dict[str, Any]) -> Refused | None:
        """Create a stream with this configuration; None on success."""
        answer = await self._api(f"STREAM.CREATE.{config['name']}", config)
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

    async def publish(self, subject: str, text: str, seconds: float = SECONDS) -> int | Refused:
        """Publish a message; the sequence number with which a stream acknowledged it, from 1."""
        answer = await self._request(subject, text.encode(), seconds)
        return answer if isinstance(answer, Refused) else int(answer.get("seq") or 0) or Refused(0, "no sequence")

    async def read(self, name: str, last: int) -> dict[int, str]:
        """The texts of all messages of a stream up to sequence `last`, by their sequence numbers."""
        texts: dict[int, str] = {}
        for first in range(1, last + 1, _AT_ONCE):
            numbers = range(first, min(first + _AT_ONCE, last + 1))
            answers = await asyncio.gather(*(self._api(f"STREAM.MSG.GET.{name}", {"seq": n}) for n in numbers))
            for number, answer in zip(numbers, answers, strict=True):
                if not isinstance(answer, Refused):
                    data = base64.b64decode(answer["message"].get("data") or "")
                    texts[number] = data.decode("utf-8", "replace")
        return texts

    # --- consumers -----------------------------------------------------------------------------------------

    async def create_consumer(self, stream: str, config: dict[str, Any]) -> Refused | None:
        """Create a durable consumer with this configuration; None on success."""
        request = {"stream_name": stream, "config": config}
        answer = await self._api(f"CONSUMER.DURABLE.CREATE.{stream}.{config['durable_name']}", request)
        return answer if isinstance(answer, Refused) else None

    async def consumer(self, stream: str, name: str) -> ConsumerState | Refused:
        """One consumer."""
        answer = await self._api(f"CONSUMER.INFO.{stream}.{name}")
        if isinstance(answer, Refused):
            return answer
        return ConsumerState(int(answer["ack_floor"]["stream_seq"]), int(answer["num_ack_pending"]))

    async def take(self, stream: str, consumer: str, many: int, acknowledged: int) -> int:
        """Fetch messages through a pull consumer, and acknowledge the first of them; how many it confirmed."""
        confirmed = 0
        inbox = self._connection.new_inbox()
        subscription = await self._connection.subscribe(inbox)
        request = json.dumps({"batch": many, "no_wait": True}).encode()
        with contextlib.suppress(Exception):  # nats-py raises many kinds, all of which mean: no more is confirmed
            await self._connection.publish(f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}", request, reply=inbox)
            for number in range(many):
                message = await subscription.next_msg(timeout=SECONDS)
                if not message.reply:  # a status: there are no more messages
                    break
                if number < acknowledged:
                    await self._connection.request(message.reply, b"+ACK", timeout=SECONDS)
                    confirmed += 1
        return confirmed

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
            return Refused(0, next(reversed(self._violations), _reason(error)))
        failed = answer.get("error")
        return Refused(int(failed.get("err_code", 0)), str(failed.get("description", ""))) if failed else answer


def own_stream(name: str, cluster: str, replicas: int) -> dict[str, Any]:
    """The configuration of a stream of ours, with its name as subject, placed in a cluster if one is given."""
    placement = {"placement": {"cluster": cluster}} if cluster else {}
    config = {"name": name, "subjects": [name], "num_replicas": replicas, "storage": "file", "max_msgs": 100_000}
    return config | {"max_bytes": _OUR_BYTES, "description": OURS} | placement


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


async def connect(listeners: Sequence[str], login: Login, tls: tuple[str, str, str] | None) -> Client | Refused:
    """Connect to one of these servers (`host:port`); what the last one said if none of them accepts the login.

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

    said: list[str] = []

    async def hear(error: Exception) -> None:
        """Keep what the server says of the login; other failures show in the responses."""
        if VIOLATION in str(error).lower():
            said.append(str(error).removeprefix("nats: "))

    try:
        async with asyncio.timeout(SECONDS):
            urls = [f"{'tls' if tls else 'nats'}://{listener}" for listener in listeners]
            connection = await nats.connect(urls, connect_timeout=2, allow_reconnect=False, error_cb=hear, **options)
    except Exception:  # noqa: BLE001   # nats-py raises many kinds, all of which mean: not connected
        return Refused(0, next(reversed(said), "no server of the region accepts a client"))
    return Client(connection, said)
