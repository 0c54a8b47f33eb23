"""The user's streams: read from whatever lists them, made where they were, and counted through a scenario."""

import asyncio
import json
import os

import pytest

from natsvalues.errors import NatsvaluesError
from natsvalues.outside import loopback
from natsvalues.outside.jetstream import connect
from natsvalues.rehearsal.login import ANYONE
from natsvalues.rehearsal.planned import Planned, of_user, too_many
from natsvalues.rehearsal.reading import read_rendering
from natsvalues.rehearsal.user_streams import UserStream, together, user_streams

KINDS = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(__file__))), "scripts", "streams", "kinds.yaml")
CONFIG = {"name": "ORDERS", "subjects": ["orders.>"], "num_replicas": 3}
WORKER = {"durable_name": "worker", "ack_policy": "explicit"}
PASSING = {"name": "x7", "ack_policy": "explicit"}
INFO = {"type": "io.nats…", "config": CONFIG, "created": "2026-01-01T00:00:00Z", "cluster": {"name": "us-east"}}


WRITTEN = """\
- name: ORDERS
  subjects: [orders.>]
  num_replicas: 3
  account: A
  placement: {cluster: eu-west}
  consumers: [{durable_name: worker, ack_policy: explicit}]
"""


def jsz(*consumers):
    """What a server answers to /jsz with all its options."""
    details = [{"stream_name": "ORDERS", "name": "c", "config": config} for config in consumers]
    stream = {"name": "ORDERS", "cluster": {"name": "us-east"}, "config": CONFIG, "consumer_detail": details}
    account = {"name": "A", "id": "A", "memory": 0, "stream_detail": [stream]}
    return {"server_id": "N", "now": "2026", "config": {"max_memory": 1}, "account_details": [account]}


@pytest.mark.parametrize(
    ("text", "account", "cluster", "consumers"),
    [
        (json.dumps(INFO), "", "us-east", ()),
        (json.dumps([INFO]), "", "us-east", ()),
        (json.dumps({"streams": [INFO], "total": 1}), "", "us-east", ()),
        (json.dumps({"config": CONFIG, "state": {"messages": 7}}), "", "", ()),
        (json.dumps(jsz(WORKER, PASSING)), "A", "us-east", (WORKER,)),
        ("\n".join(json.dumps({"data": jsz(*own)}) for own in ((), (WORKER,))), "A", "us-east", (WORKER,)),
        (json.dumps([CONFIG]), "", "", ()),
        (WRITTEN, "A", "eu-west", (WORKER,)),
    ],
    ids=["info", "list", "api", "backup", "jsz", "requests", "json", "yaml"],
)  # fmt: skip
def test_every_list_of_streams_is_read(text, account, cluster, consumers):
    """From nats, a backup, the monitoring endpoint of one or several servers, or written by hand."""
    (stream,) = user_streams(text, "streams")

    assert (stream.name, stream.account, stream.cluster, stream.consumers) == ("ORDERS", account, cluster, consumers)
    assert stream.config["subjects"] == ["orders.>"]


@pytest.mark.parametrize(
    "text",
    ['["ORDERS", "EVENTS"]', "{}", "[]", "no list", "- 1", '{"config": {"subjects": ["a"]}}', '{"server_id": "N"}',
     "[{", '[{"name": "A", "state": {}}]', '{"name": "A", "consumers": ["worker"]}'],
)  # fmt: skip
def test_what_lists_no_streams_is_an_error(text):
    """Such as the names alone, or a server that was asked without config=true."""
    with pytest.raises(NatsvaluesError) as caught:
        user_streams(text, "streams.json")
    assert caught.value.code in ("NV-R040", "NV-I002")
    assert "streams.json" in str(caught.value)


def test_servers_list_the_consumers_that_they_hold():
    """One stream with all consumers of two servers; what ends by itself is named."""
    (stream,) = together((*user_streams(json.dumps(jsz(WORKER)), "1"), *user_streams(json.dumps(jsz(PASSING)), "2")))

    assert (stream.consumers, stream.left_out) == ((WORKER,), ("x7",))


def planned(**config):
    """A stream with this configuration."""
    return Planned("S", "us-east", {"name": "S", **config})


def test_a_message_goes_where_a_consumer_is():
    """Wildcards become names; without subjects a stream has its own name."""
    assert planned().subject(7) == "S"
    assert planned(subjects=["a.*.b", "c.>"]).subject(1) == "c.rehearsal-1"
    consumer = {"durable_name": "d", "filter_subjects": ["a.x.b"]}
    assert planned(subjects=["a.*.b", "c.>"])._replace(consumers=(consumer,)).subject(1) == "a.x.b"


@pytest.mark.parametrize(
    ("config", "keeps"),
    [
        ({}, True),
        ({"max_msgs": -1, "max_bytes": -1, "max_age": 0, "max_msgs_per_subject": -1}, True),
        ({"max_msgs": 5}, False),
        ({"max_bytes": 1000}, False),
        ({"max_age": 60_000_000_000}, False),
        ({"max_msgs_per_subject": 1}, False),
        ({"max_msgs_per_subject": 1, "subjects": ["$KV.a.>"]}, True),
        ({"retention": "workqueue"}, False),
    ],
)
def test_limits_may_remove_messages(config, keeps):
    """What a stream removes by its own limits is not lost."""
    assert planned(**config).keeps(20) is keeps


def test_who_takes_messages():
    """A mirror has those of its origin, and a stream without acknowledgements says nothing."""
    assert planned(subjects=["a"]).takes_messages
    assert not planned(subjects=["a"], no_ack=True).takes_messages
    assert not planned(mirror={"name": "O"}).takes_messages
    assert planned(mirror={"name": "O"}, sources=[{"name": "P"}, {"name": "Q", "filter_subject": "a"}]).origins == (
        "O",
        "P",
    )


@pytest.mark.helm
def test_streams_are_made_where_they_were(cases, renderer):
    """In the region of their cluster, copies last; a stream of another cluster in the first region, with a note."""
    texts = cases.stock(renderer, "2.14.2", ("us-east", "eu-west"))
    renderings = {region: read_rendering(text, region) for region, text in texts.items()}
    streams = [
        UserStream({"name": "COPY", "mirror": {"name": "ORDERS"}}, (), "", "eu-west"),
        UserStream({"name": "ORDERS", "num_replicas": 5, "sealed": True}, (), "A", "eu-west", ("x7",)),
        UserStream({"name": "ORDERS"}, (), "B", "ap-south"),
        UserStream({"name": "EVENTS"}, (), "", ""),
    ]

    made = of_user(streams, renderings)

    assert [(item.name, item.region, item.account) for item in made] == [
        ("ORDERS (A) (eu-west)", "eu-west", "A"), ("ORDERS (B) (ap-south)", "us-east", "B"), ("EVENTS", "us-east", ""),
        ("COPY", "eu-west", ""),
    ]  # fmt: skip
    assert too_many(made[0], renderings["eu-west"]) == "5 replicas, and eu-west has 3 servers"
    assert not too_many(made[1], renderings["us-east"])
    assert [len(item.notes) for item in made] == [2, 1, 0, 0]
    assert {item.region for item in of_user(streams, renderings, ("eu-west",))} == {"eu-west"}


@pytest.mark.nats
@pytest.mark.helm
def test_a_live_servers_list_is_read(renderer, on_loopback):
    """What /jsz says of real streams and consumers is what they were made of."""
    wanted = {stream.name: stream for stream in user_streams(open_text(KINDS), KINDS) if stream.name in ("R3", "WORK")}

    async def trial(world, until):
        await world.start("us-east")
        (pod,) = world.pods["us-east"]
        await until(lambda: pod.ready)
        client = await connect(await world.listeners("us-east"), ANYONE, None)
        for stream in wanted.values():
            assert await client.create(stream.config | {"num_replicas": 1}) is None
            for consumer in stream.consumers:
                assert await client.create_consumer(stream.name, consumer | {"num_replicas": 0}) is None
        await client.close()
        await asyncio.sleep(0)
        return await loopback.get(pod.address, 8222, "/jsz?accounts=true&streams=true&consumers=true&config=true")

    text = renderer.template("2.14.2", "config.cluster.enabled=false")
    status, body = on_loopback({"us-east": read_rendering(text, "us-east.yaml")}, trial)

    streams = {stream.name: stream for stream in user_streams(body, "jsz")}
    assert (status, set(streams), {stream.account for stream in streams.values()}) == (200, set(wanted), {"$G"})
    for name, stream in streams.items():
        assert stream.config["subjects"] == wanted[name].config["subjects"]
        assert {item["durable_name"] for item in stream.consumers} == {
            item["durable_name"] for item in wanted[name].consumers
        }


def open_text(path):
    """The text of a file."""
    with open(path, encoding="utf-8") as file:
        return file.read()


@pytest.mark.nats
@pytest.mark.helm
@pytest.mark.timeout(200)
def test_every_kind_of_stream_is_played(cases, renderer, rehearse, tmp_path):
    """A rolling update: nothing is lost, acknowledgements stay, and five replicas do not fit on three servers."""
    text = renderer.template(
        "2.14.2", "config.jetstream.memoryStore.enabled=true", "config.jetstream.memoryStore.maxSize=64Mi"
    )
    folder = cases.write_renderings(str(tmp_path / "one"), {"us-east": text})
    (tmp_path / "five.yaml").write_text("- {name: FIVE, subjects: [five], num_replicas: 5}\n", encoding="utf-8")

    done = rehearse(folder, "rolling", "--streams", KINDS, "--streams", str(tmp_path / "five.yaml"))

    assert (done.code, done.report["lossy"], done.report["untested"]) == (4, False, True), done.told()
    fates = {(fate["name"], fate["consumer"]): fate for fate in done.scenario["streams"]}
    five = fates.pop(("FIVE", ""))
    assert (five["fate"], five["seen"]) == ("does not fit", "5 replicas, and us-east has 3 servers")
    assert {fate["fate"] for fate in fates.values()} == {"kept"}, done.told()
    assert {name for name, consumer in fates if not consumer} == {
        stream.name for stream in user_streams(open_text(KINDS), KINDS)
    }
    worker = fates["WORK", "worker"]["seen"]
    assert worker == "acknowledged up to 5, now 5; 5 without acknowledgement, now 5"
    assert fates["COPY", ""]["acknowledged"] > 20
    assert {finding["rule"] for finding in done.scenario["findings"]} == {"PL001"}
