"""What /jsz says of streams, and what of the checks follows from it."""

from __future__ import annotations

import json

import pytest

from natsvalues.errors import NatsvaluesError
from natsvalues.runbook.checking import Answer, Seen, Server, answer
from natsvalues.runbook.step import Check
from natsvalues.runbook.stores import read_stores


def peer(name, **fields):
    """A replica as a server lists it."""
    return {"name": name, "current": True, "active": 1, **fields}


def consumer(name="C", peers=None, leader="a"):
    """A durable consumer as a server lists it."""
    listed = [peer("b"), peer("c")] if peers is None else peers
    cluster = {"name": "east", "leader": leader, "replicas": listed}
    return {"name": name, "config": {"durable_name": name, "num_replicas": 0}, "cluster": cluster}


def stream(name="ORDERS", replicas=3, peers=None, storage="file", messages=5, leader="a", consumers=()):
    """A stream as a server lists it."""
    listed = [peer("b"), peer("c")] if peers is None else peers
    return {
        "name": name,
        "cluster": {"name": "east", "leader": leader, "replicas": listed},
        "config": {"name": name, "num_replicas": replicas, "storage": storage},
        "state": {"messages": messages, "last_seq": messages, "last_ts": "2026-11-29T00:00:00Z"},
        "consumer_detail": list(consumers),
    }


def page(*streams, size=3, leader="a", offline=()):
    """An answer to /jsz."""
    replicas = [peer("b"), *(peer(name, offline=True) for name in offline)]
    return json.dumps(
        {
            "meta_cluster": {"leader": leader, "cluster_size": size, "replicas": replicas},
            "account_details": [{"name": "$G", "stream_detail": list(streams)}],
        }
    )


def seen(*pages):
    """A region whose servers gave these answers."""
    return Seen(stores=read_stores((text, f"server {number}") for number, text in enumerate(pages)), cluster="east")


CASES = {
    "as many servers as wanted": (Check("group", "r", ("3",)), [page(), page()], True),
    "another size on one server": (Check("group", "r", ("3",)), [page(), page(size=2)], False),
    "no leader": (Check("group", "r", ("3",)), [page(leader="")], False),
    "two leaders": (Check("group", "r", ("3",)), [page(), page(leader="b")], False),
    "a peer that is gone": (Check("group", "r", ("3",)), [page(offline=("old",))], False),
    "all replicas": (Check("whole", "r"), [page(stream())], True),
    "a replica that is behind": (Check("whole", "r"), [page(stream(peers=[peer("b"), peer("c", lag=5000)]))], False),
    "a replica that is not current": (
        Check("whole", "r"),
        [page(stream(peers=[peer("b"), peer("c", current=False)]))],
        False,
    ),
    "a replica that is offline": (
        Check("whole", "r"),
        [page(stream(peers=[peer("b"), peer("c", offline=True)]))],
        False,
    ),
    "one replica too few": (Check("whole", "r"), [page(stream(peers=[peer("b")]))], False),
    "no leader of the stream": (Check("whole", "r"), [page(stream(leader=""))], False),
    "only its leader sees all": (
        Check("whole", "r"),
        [page(stream(peers=[peer("b", current=False), peer("c")])), page(stream())],
        True,
    ),
    "all replicas of a consumer": (Check("whole", "r"), [page(stream(consumers=[consumer()]))], True),
    "one replica of a consumer too few": (
        Check("whole", "r"),
        [page(stream(consumers=[consumer(), consumer("D", peers=[peer("b")])]))],
        False,
    ),
    "a consumer without a leader": (Check("whole", "r"), [page(stream(consumers=[consumer(leader="")]))], False),
    "a consumer on another server": (
        Check("whole", "r"),
        [
            page(stream(consumers=[consumer(peers=[peer("b"), peer("c", current=False)])])),
            page(stream(consumers=[consumer()])),
        ],
        True,
    ),
    "one replica": (Check("replicated", "r"), [page(stream(replicas=1, peers=[]))], False),
    "three replicas": (Check("replicated", "r"), [page(stream())], True),
    "in memory": (Check("on-disk", "r"), [page(stream(storage="memory"))], False),
    "in a file": (Check("on-disk", "r"), [page(stream())], True),
}


@pytest.mark.parametrize("case", CASES)
def test_a_check_of_the_stores(case, tmp_path):
    """It holds, or not."""
    check, pages, holds = CASES[case]
    assert answer(check, seen(*pages), str(tmp_path)).holds is holds


SERVERS = (Server("nats-0", 200, "", "east-nats-0", ("west",)), Server("nats-1", 200, "", "east-nats-1", ("west",)))


@pytest.mark.parametrize(
    ("check", "servers", "holds"),
    [
        (Check("healthy", "r"), SERVERS, True),
        (Check("healthy", "r"), (*SERVERS, Server("nats-2", 503, "no leader")), False),
        (Check("healthy", "r"), (*SERVERS, Server("nats-2", 0, "no response")), False),
        (Check("healthy", "r"), (), None),
        (Check("connected", "r", ("west",)), SERVERS, True),
        (Check("connected", "r", ("west", "north")), SERVERS, False),
        (Check("named", "r", ("east-nats-1",)), SERVERS, True),
        (Check("named", "r", ("east-nats-2",)), SERVERS, False),
        (Check("group", "r", ("3",)), SERVERS, None),
    ],
)
def test_a_check_of_the_servers(check, servers, holds, tmp_path):
    """It holds, or not, or nobody looked."""
    assert answer(check, Seen(servers), str(tmp_path)).holds is holds


def test_servers_that_are_about_to_be_replaced_are_not_healthy(tmp_path):
    """On real clusters the next region's pods were replaced while one's old pods, all of them healthy, still ran."""
    seen = Seen(SERVERS, rollout="the rolling update has not ended: 1 of 3 updated, 2 of 3 ready")
    assert answer(Check("healthy", "r"), seen, str(tmp_path)) == Answer(False, seen.rollout)


def backup(folder, name="ORDERS", messages=5, last_ts="2026-11-29T00:00:00Z", consumers=0):
    """Write a backup as the nats CLI does."""
    (folder / name).mkdir(exist_ok=True)
    state = {"messages": messages, "last_seq": messages, "last_ts": last_ts, "consumer_count": consumers}
    (folder / name / "backup.json").write_text(json.dumps({"config": {"name": name}, "state": state}))


@pytest.mark.parametrize(
    ("given", "holds"),
    [({}, True), ({"messages": 4}, False), ({"last_ts": "2025-01-01T00:00:00Z"}, False), ({"name": "OTHER"}, False)],
)
def test_a_backup_is_of_the_stream_as_it_is(tmp_path, given, holds):
    """Not of one with fewer messages, or another last one."""
    backup(tmp_path, **given)
    for detail in ((), ("$G/ORDERS",)):
        assert answer(Check("backed-up", "r", detail), seen(page(stream())), str(tmp_path)).holds is holds


def test_what_is_restored_has_as_many_messages_as_the_backup(tmp_path):
    """Fewer are not all, and a stream that is missing is named."""
    backup(tmp_path)
    assert answer(Check("restored", "r"), seen(page(stream())), str(tmp_path)).holds is True
    assert answer(Check("restored", "r"), seen(page(stream(messages=4))), str(tmp_path)).holds is False
    consumed = {**stream(messages=5), "state": {"messages": 1, "last_seq": 5}}
    assert answer(Check("restored", "r"), seen(page(consumed)), str(tmp_path)).holds is True
    gone = answer(Check("restored", "r"), seen(page()), str(tmp_path))
    assert (gone.holds, gone.seen) == (False, "ORDERS is not there")
    assert answer(Check("restored", "r"), seen(page()), str(tmp_path / "nowhere")).holds is None
    backup(tmp_path, consumers=2)
    bare = answer(Check("restored", "r"), seen(page(stream())), str(tmp_path))
    assert (bare.holds, bare.seen) == (False, "ORDERS has none of 2 consumers")


@pytest.mark.parametrize("text", ["", "404 page not found", "[]", "{}", '{"kind": "Status"}'])
def test_what_is_no_answer_to_jsz_is_an_error(text):
    """It says where it was read."""
    with pytest.raises(NatsvaluesError) as caught:
        read_stores([(text, "jsz.json")])
    assert (caught.value.code, str(caught.value.where[0])) == ("NV-M003", "jsz.json")
