"""What Kubernetes deletes with a pod or a container is gone in a rehearsal, too, and streams on it are lost."""

import os

import pytest
import yaml

from natsvalues.rehearsal.reading import read_rendering
from natsvalues.supercluster.losses import empties_store

pytestmark = [pytest.mark.nats, pytest.mark.helm]
STORES = ("claim", "emptyDir", "ephemeral", "none", "beside")
ENDS_WITH = {"claim": "volume", "emptyDir": "pod", "ephemeral": "pod", "none": "container", "beside": "container"}


def stored(text, store):
    """The release with its JetStream store on a claim (as it is), on another volume, on none, or beside the volume."""
    objects = [item for item in yaml.safe_load_all(text) if item]
    (statefulset,) = (item for item in objects if item["kind"] == "StatefulSet")
    (conf,) = (item for item in objects if item["kind"] == "ConfigMap")
    spec = statefulset["spec"]
    if store == "beside":
        conf["data"]["nats.conf"] = conf["data"]["nats.conf"].replace('"/data"', '"/dataset"')
        assert '"/dataset"' in conf["data"]["nats.conf"]
    elif store != "claim":
        (claim,) = spec.pop("volumeClaimTemplates")
        name = claim["metadata"]["name"]
        if store == "none":
            mounts = spec["template"]["spec"]["containers"][0]["volumeMounts"]
            mounts[:] = [mount for mount in mounts if mount["name"] != name]
        else:
            spec["template"]["spec"]["volumes"].append({"name": name, store: {}})
    return yaml.safe_dump_all(objects)


@pytest.fixture
def one(renderer):
    """One server with JetStream and no cluster, on one of the STORES."""
    text = renderer.template("2.14.2", "config.cluster.enabled=false")
    return lambda store: read_rendering(stored(text, store), "us-east.yaml")


def test_every_place_of_a_store_ends_with_something(one):
    """A claim stays, an emptyDir and an ephemeral volume go with the pod, the file system with the container."""
    assert {store: one(store).state.store_ends_with for store in STORES} == ENDS_WITH


def test_new_pods_find_the_store_on_the_same_claim_only(one):
    """Neither a volume that ended with the pod, nor a claim that the new template does not have."""
    claim = one("claim").state
    assert not empties_store(claim, one("claim").state)
    assert all(empties_store(claim, one(store).state) for store in STORES[1:])
    assert all(empties_store(one(store).state, claim) for store in STORES[1:])


@pytest.mark.parametrize("store", ["claim", "emptyDir", "none"])
def test_a_restart_empties_what_kubernetes_empties(store, one, on_loopback):
    """A file in the store of a real server: after a restart of the container, and after one of the pod."""

    async def trial(world, until):
        (pod,) = world.pods["us-east"]
        mark = os.path.join(pod.charge.moved.store, "mark")
        await world.start("us-east")
        await until(lambda: pod.ready)
        os.mknod(mark)
        pod.process.kill_now()
        await until(lambda: pod.ready and pod.container.restarts == 1)
        stays = [os.path.exists(mark)]  # noqa: ASYNC240   # at once
        await world.stop("us-east")
        await world.start("us-east")
        await until(lambda: pod.ready)
        return [*stays, os.path.exists(mark)]  # noqa: ASYNC240   # at once

    kept = on_loopback({"us-east": one(store)}, trial)
    assert kept == {"claim": [True, True], "emptyDir": [True, False], "none": [False, False]}[store]


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("store", ["emptyDir", "none", "beside"])
def test_a_cold_restart_without_a_persistent_volume_is_lossy(store, renderer, rehearse, tmp_path):
    """Everything turns healthy, and the stream is gone: the verdict says so, with the store as the cause."""
    text = stored(renderer.template("2.14.2", "config.cluster.merge.name=us-east"), store)
    folder = tmp_path / "renderings"
    folder.mkdir()
    (folder / "us-east.yaml").write_text(text, encoding="utf-8")

    done = rehearse(str(folder), "cold-restart")

    assert (done.code, done.report["verdict"], done.report["lossy"]) == (5, "converged", True), done.told()
    assert [fate["fate"] for fate in done.scenario["streams"]] == ["gone"]
    ends = ENDS_WITH[store]
    assert f"nothing: it ends with its {ends}" in [cause["waits_for"] for cause in done.scenario["causes"]]
    assert "fileStore.pvc.enabled: true" in done.scenario["remedy"]
