"""What an overlay's `move` does to a rendering, and that nothing of it stays."""

from __future__ import annotations

import os
import subprocess

import pytest

from natsvalues.overlays.transforms.moving import CONTAINER

pytestmark = pytest.mark.helm
ALPINE = {"image": "nats:2.14.2-alpine"}


def spec_of(result):
    """The StatefulSet's spec."""
    return result.nats.statefulset.value["spec"]


def move(world, given=None, **fields):
    """The rendering of a region with its own JetStream, while it moves."""
    release = world.given(container=ALPINE) if given is None else given
    return world.rendered(release, scope="region", systemAccount="SYS-new", move=fields)


def test_a_partition_is_there_for_the_time_of_the_move(world):
    """Beside what the strategy has; without `move` it is as before."""
    given = world.given(statefulSet={"spec": {"updateStrategy": {"rollingUpdate": {"maxUnavailable": 1}}}})
    strategy = spec_of(move(world, given, partition=2))["updateStrategy"]
    assert strategy == {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "partition": 2}}
    assert "partition" not in str(spec_of(world.rendered(given)).get("updateStrategy"))


def test_a_partition_needs_a_rolling_update(world):
    """OnDelete has none."""
    given = world.given(statefulSet={"spec": {"updateStrategy": {"type": "OnDelete"}}})
    error = world.refused(given, scope="region", systemAccount="SYS-new", move={"partition": 1})
    assert (error.code, error.where[0].field) == ("NV-T068", "move.partition")


def test_the_stage_of_the_move_counts(world):
    """Until the field is removed."""
    for fields, gateway in (({"stage": "local"}, None), ({"stage": "expose"}, {}), (None, {"gateways"})):
        conf = world.conf_of(world.rendered(world.given(), stage="join", move=fields))
        seen = None if "gateway" not in conf else {"gateways"} & set(conf["gateway"])
        assert seen == (gateway if gateway is None else set(gateway))


def test_the_folder_of_the_account_is_renamed_once(world, tmp_path):
    """The init container does what the kubelet would run, and nothing the second time, or without a store."""
    result = move(world, accountFolder={"old": "$SYS"})
    (container,) = [item for item in spec_of(result)["template"]["spec"]["initContainers"] if item["name"] == CONTAINER]
    assert container["image"] == ALPINE["image"]
    assert [mount["mountPath"] for mount in container["volumeMounts"]] == ["/data"]
    values = {item["name"]: item["value"].replace("$$", "$") for item in container["env"]}
    assert values == {"STORE": "/data/jetstream", "OLD": "$SYS", "NEW": "SYS-new"}

    def run(store):
        environment = {**os.environ, **values, "STORE": str(store)}
        done = subprocess.run(container["command"], env=environment, capture_output=True, text=True, check=True)
        assert (done.stdout, done.stderr) == ("", "")

    store = tmp_path / "store"
    run(store)
    (store / "$SYS" / "_js_").mkdir(parents=True)
    (store / "$G").mkdir()
    run(store)
    assert sorted(os.listdir(store)) == ["$G", "SYS-new"]
    assert os.listdir(store / "SYS-new") == ["_js_"]
    (store / "$SYS").mkdir()
    run(store)
    assert sorted(os.listdir(store)) == ["$G", "$SYS", "SYS-new"]


def test_the_folder_keeps_its_name_where_the_account_does(world):
    """Then there is no init container."""
    result = world.rendered(
        world.given(container=ALPINE), scope="region", systemAccount="$SYS", move={"accountFolder": {"old": "$SYS"}}
    )
    assert CONTAINER not in str(spec_of(result))


def test_an_image_of_ones_own_has_to_be_stated(world):
    """The tag has to promise a shell."""
    given = world.given(container={"image": "nats:2.14.2"})
    wanted = {"scope": "region", "systemAccount": "SYS-new"}
    error = world.refused(given, **wanted, move={"accountFolder": {"old": "$SYS"}})
    assert (error.code, error.where[0].field) == ("NV-T068", "move.accountFolder")
    result = world.rendered(given, **wanted, move={"accountFolder": {"old": "$SYS", "image": "busybox:1.37"}})
    assert "busybox:1.37" in str(spec_of(result)["template"]["spec"]["initContainers"])
