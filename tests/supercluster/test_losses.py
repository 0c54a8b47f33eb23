"""What a region loses from one release to the next, in spellings and volumes that no example of diff has."""

from __future__ import annotations

import re

import pytest

from natsvalues.manifests.chart import find_nats
from natsvalues.manifests.release import Release
from natsvalues.supercluster.losses import losses
from natsvalues.supercluster.region_state import Decision, region_state

pytestmark = pytest.mark.helm
MOUNTS = "{name: config, mountPath: /etc/nats-config}"
CLAIMS = "statefulSet: {spec: {volumeClaimTemplates: [{metadata: {name: nats-js}}, {metadata: {name: other}}]}}"
VOLUMES = "[{name: config, configMap: {name: nats-config}}, {name: pid, emptyDir: {}}, {name: short, ephemeral: {}}]"
SHORT = f"statefulSet: {{spec: {{template: {{spec: {{volumes: {VOLUMES}}}}}}}}}"

# The example, and the kinds of the losses.
CASES = {
    "a store directory in another spelling": (
        (
            "old: {conf: {jetstream: {store_dir: null, storedir: /data}}}\n"
            "new: {conf: {jetstream: {store_dir: null, store: /other}}}"
        ),
        ["store-directory"],
    ),
    "the same store directory in another spelling": ("new: {conf: {jetstream: {store_dir: null, store: /data}}}", []),
    "a smaller memory store in another spelling": (
        (
            "old: {conf: {jetstream: {max_memory_store: null, max_mem_store: 2000}}}\n"
            "new: {conf: {jetstream: {max_memory_store: null, max_mem: 1000}}}"
        ),
        ["store-size"],
    ),
    "text is in steps of 1024": (
        "old: {conf: {jetstream: {max_file_store: '10G'}}}\nnew: {conf: {jetstream: {max_file_store: 10737418239}}}",
        ["store-size"],
    ),
    "the store moves to another claim": (
        f"{CLAIMS}\nnew: {{container: {{volumeMounts: [{MOUNTS}, {{name: other, mountPath: /data}}]}}}}",
        ["store-mount"],
    ),
    "the store moves to an ephemeral volume": (
        f"{SHORT}\nnew: {{container: {{volumeMounts: [{MOUNTS}, {{name: short, mountPath: /data}}]}}}}",
        ["store-mount"],
    ),
    "a volume mounted where the server's own folder is": (
        (
            f"container: {{volumeMounts: [{MOUNTS}, {{name: nats-js, mountPath: /data/jetstream}}]}}\n"
            f"new: {{container: {{volumeMounts: [{MOUNTS}]}}}}"
        ),
        ["store-mount"],
    ),
    "another StatefulSet with claims of its own": (
        "new: {statefulSet: {metadata: {name: bus}, spec: {volumeClaimTemplates: [{metadata: {name: bus-js}}]}}}",
        ["statefulset-name"],
    ),
    "one server without a cluster becomes a member": (
        "conf: {gateway: null}\nold: {conf: {cluster: null}}",
        ["standalone-store"],
    ),
    "a cluster block without a port is none": (
        "conf: {gateway: null}\nold: {conf: {cluster: {port: null, routes: null}}}",
        ["standalone-store"],
    ),
    "another name in a cluster block without a port": (
        (
            "conf: {cluster: {port: null, routes: null}, gateway: null}\n"
            "new: {conf: {cluster: {name: other, port: null, routes: null}, gateway: null}}"
        ),
        [],
    ),
    "a listener for leaf nodes makes no cluster": (
        "conf: {cluster: null, gateway: null}\nnew: {conf: {cluster: null, gateway: null, leafnodes: {port: 7422}}}",
        [],
    ),
    "a cluster that is left": ("new: {conf: {cluster: null, gateway: null}}", ["clustered-store"]),
    "one server leaves a cluster in which it never had a leader": (
        (
            "untouched: true\nstatefulSet: {spec: {replicas: 1}}\n"
            "old: {conf: {cluster: {routes: ['nats://nats-0.nats-headless:6222']}, gateway: null}}\n"
            "new: {conf: {cluster: null, gateway: null}}"
        ),
        [],
    ),
    "claims that would be deleted, and as many servers": (
        "new: {statefulSet: {spec: {persistentVolumeClaimRetentionPolicy: {whenScaled: Delete}}}}",
        [],
    ),
    "fewer servers without claims": (
        (
            "statefulSet: {spec: {volumeClaimTemplates: null}}\n"
            "new: {statefulSet: {spec: {replicas: 2, persistentVolumeClaimRetentionPolicy: {whenScaled: Delete}}}}"
        ),
        [],
    ),
}


def losses_of(pair):
    """The losses of the only NATS of two releases."""
    old, new = (region_state(release, find_nats(release), decision=Decision()) for release in (pair.old, pair.new))
    return losses(old, new)


@pytest.mark.parametrize("case", CASES)
def test_losses_do_not_depend_on_spelling(case, example_regions, stand_in, tmp_path):
    """Nor on which volume a store leaves."""
    example, kinds = CASES[case]

    assert [loss.kind for loss in losses_of(example_regions.pair(example, stand_in, str(tmp_path)))] == kinds


def test_a_statefulset_in_another_namespace_leaves_its_claims_behind(example_regions, stand_in, tmp_path):
    """Only if both releases state a namespace: an object without one is in the release's."""
    release = example_regions.pair("old: {}", stand_in, str(tmp_path)).old

    def state(namespace):
        text = re.sub(r"(?m)^metadata:\n(  namespace: .*\n)?", f"metadata:\n  namespace: {namespace}\n", release.text())
        placed = Release(text if namespace else re.sub(r"(?m)^  namespace: .*\n", "", text))
        return region_state(placed, find_nats(placed))

    for old, new in (("a", ""), ("", "b"), ("a", "a")):
        assert losses(state(old), state(new)) == []
    (loss,) = losses(state("a"), state("b"))
    assert loss.kind == "statefulset-name"
    assert loss.message.startswith("`a/nats` is deleted and `b/nats` is created: its pods get empty volume claims")
