"""Backups of streams and their way back: as the `nats` command does it, in its files.

facts: `$JS.API.STREAM.SNAPSHOT.NAME` sends chunks to a subject, each of which wants an empty response, and ends with
an empty one; `$JS.API.STREAM.RESTORE.NAME` names a subject for the chunks, and answers the empty last one with the
stream (2.12.8, 2.14.6, 2.15.1).
"""

from __future__ import annotations

import asyncio
import json
import os
from typing import TYPE_CHECKING, Any

from natsvalues.outside.jetstream import Client, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = 60.0
"""How long a whole backup may take, and each response to a part of it."""
_CHUNK = 64 * 1024
_DESCRIPTION, _CONTENT = "backup.json", "stream.tar.s2"


async def back_up(client: Client, name: str, folder: str) -> Refused | None:
    """Write a stream with its consumers to a folder, as `nats stream backup` does; None on success."""
    connection = client.connection
    inbox = connection.new_inbox()
    subscription = await connection.subscribe(inbox)
    try:
        request = {"deliver_subject": inbox, "no_consumers": False, "chunk_size": _CHUNK}
        answer = await client.api(f"STREAM.SNAPSHOT.{name}", request, SECONDS)
        if isinstance(answer, Refused):
            return answer
        chunks = []
        async with asyncio.timeout(SECONDS):
            while True:
                message = await subscription.next_msg(SECONDS)
                status = (message.headers or {}).get("Status", "")
                if not message.data:
                    if status and not status.startswith("2"):
                        return Refused(int(status) if status.isdigit() else 0, "the backup was cut short")
                    break
                chunks.append(message.data)
                if message.reply:
                    await connection.publish(message.reply, b"")
    except Exception as error:  # noqa: BLE001   # nats-py raises many kinds, all of which mean: no backup
        return Refused(0, type(error).__name__)
    finally:
        await subscription.unsubscribe()
    _write(folder, b"".join(chunks), {"config": answer["config"], "state": answer["state"]})
    return None


async def restore(client: Client, folder: str) -> Refused | None:
    """Restore the stream that is in a folder; None on success. What a failed one leaves of the stream is deleted.

    facts: after 10062, "is stalled", the stream is there without its consumers, and every further attempt gets 10130
    (2.15.1).
    """
    description = _description(folder)
    name = description["config"]["name"]
    answer = await client.api(f"STREAM.RESTORE.{name}", description, SECONDS)
    if isinstance(answer, Refused):
        return answer
    failure = await _sent(client, str(answer["deliver_subject"]), folder)
    if failure is not None:
        await client.remove(name)
    return failure


async def _sent(client: Client, subject: str, folder: str) -> Refused | None:
    try:
        for chunk in _chunks(os.path.join(folder, _CONTENT)):
            response = await client.connection.request(subject, chunk, timeout=SECONDS)
            failure = _failure(response.data)
            if failure is not None or not chunk:
                return failure
    except Exception as error:  # noqa: BLE001   # nats-py raises many kinds, all of which mean: not restored
        return Refused(0, type(error).__name__)
    return None


def _write(folder: str, content: bytes, description: dict[str, Any]) -> None:
    """The description last: without it there is no backup."""
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, _CONTENT), "wb") as file:
        file.write(content)
    with open(os.path.join(folder, _DESCRIPTION), "w", encoding="utf-8") as file:
        json.dump(description, file)


def _description(folder: str) -> dict[str, Any]:
    with open(os.path.join(folder, _DESCRIPTION), encoding="utf-8") as file:
        description: dict[str, Any] = json.load(file)
    return description


def _chunks(path: str) -> Iterator[bytes]:
    """The file's content in parts, and an empty one at its end."""
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk
    yield b""


def _failure(data: bytes) -> Refused | None:
    """The error in a response, which is empty for every part but the last."""
    try:
        failed = json.loads(data).get("error") if data else None
    except ValueError:
        return Refused(0, data[:100].decode("utf-8", "replace"))
    return Refused(int(failed.get("err_code", 0)), str(failed.get("description", ""))) if failed else None
