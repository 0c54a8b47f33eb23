"""Moving: what the StatefulSet needs for the time of a move, and never afterwards.

facts (docs/stages.md, Moving and renaming): servers are renamed one by one, which a partition holds up; JetStream's
state is in a folder with the system account's name, and stays whole if that folder is renamed before the server starts
(2.12.8, 2.14.6, 2.15.1). A pod's init containers run again whenever the pod is replaced, so renaming must do nothing
the second time. The server's official images have a shell only if their tag says `alpine`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.manifests.settings import DEFAULT_ACCOUNT, system_account
from natsvalues.overlays.patches import appended
from natsvalues.overlays.scene import overlay_error
from natsvalues.text.paths import Item, Op

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.overlays.model import AccountFolder
    from natsvalues.overlays.patches import Outcome
    from natsvalues.overlays.scene import Scene

RULE = "moving"
SOURCE = "run on nats-server 2.12.8, 2.14.6 and 2.15.1"
CONTAINER = "rename-account-folder"
_RENAME = 'cd "$STORE" 2>/dev/null || exit 0; if [ -d "$OLD" ] && [ ! -e "$NEW" ]; then mv "$OLD" "$NEW"; fi'
_FROM_SERVER = ("imagePullPolicy", "resources", "securityContext")


def moving(scene: Scene) -> Iterator[Outcome]:
    """Hold the roll at a partition, and rename the account's folder, if the overlay's `move` says so."""
    move = scene.plan.region.move
    if move is None:
        return
    if move.partition is not None:
        yield _partition(scene, move.partition)
    if move.account_folder is not None:
        yield from _account_folder(scene, move.account_folder)


def _partition(scene: Scene, partition: int) -> Outcome:
    strategy = scene.nats.statefulset.value["spec"].get("updateStrategy") or {}
    if strategy.get("type", "RollingUpdate") != "RollingUpdate":
        raise overlay_error(
            "NV-T068",
            f"`move.partition` needs the update strategy RollingUpdate, and the StatefulSet has {strategy['type']}",
            scene.plan,
            "move",
            "partition",
            hint="remove updateStrategy from the chart's values for the time of the move",
        )
    wanted = {
        "type": "RollingUpdate",
        "rollingUpdate": {**(strategy.get("rollingUpdate") or {}), "partition": partition},
    }
    return scene.in_statefulset(
        RULE,
        f"only pods from ordinal {partition} on are replaced, so that servers move one by one",
        Op("add", ("spec", "updateStrategy"), wanted),
        source="Kubernetes documentation, StatefulSets, partitioned rolling updates",
    )


def _account_folder(scene: Scene, folder: AccountFolder) -> Iterator[Outcome]:
    from natsvalues.supercluster.region_state import region_state  # only for the time of a move

    state = region_state(scene.release, scene.nats)
    new = system_account(scene.conf) or DEFAULT_ACCOUNT
    if not state.has_jetstream or folder.old == new:
        return
    if state.store_dir is None or not state.store_survives:
        raise overlay_error(
            "NV-T068",
            "`move.accountFolder` needs a store on a volume that outlives the pods",
            scene.plan,
            "move",
            "accountFolder",
            hint="config.jetstream.fileStore.pvc.enabled: true; streams in memory do not survive this move",
        )
    container: dict[str, Any] = {
        "name": CONTAINER,
        "image": _image(scene, folder),
        "command": ["sh", "-c", _RENAME],
        "env": [
            {"name": "STORE", "value": f"{state.store_dir.rstrip('/')}/jetstream"},
            {"name": "OLD", "value": folder.old.replace("$(", "$$(")},
            {"name": "NEW", "value": new.replace("$(", "$$(")},
        ],
        "volumeMounts": [
            mount
            for mount in scene.nats.container_value.get("volumeMounts") or []
            if isinstance(mount, dict) and mount.get("mountPath") == state.store_mount
        ],
    }
    container |= {name: scene.nats.container_value[name] for name in _FROM_SERVER if name in scene.nats.container_value}
    path = ("spec", "template", "spec", "initContainers")
    present = scene.nats.statefulset.value["spec"]["template"]["spec"].get("initContainers") or []
    why = f"JetStream's state moves from the system account {folder.old} to {new}: its folder is renamed once"
    if any(isinstance(item, dict) and item.get("name") == CONTAINER for item in present):
        yield scene.in_statefulset(RULE, why, Op("replace", (*path, Item("name", CONTAINER)), container), source=SOURCE)
    else:
        yield scene.in_statefulset(RULE, why, *appended(present, path, container), source=SOURCE)


def _image(scene: Scene, folder: AccountFolder) -> str:
    image = folder.image or str(scene.nats.container_value.get("image") or "")
    if folder.image is None and "alpine" not in image:
        raise overlay_error(
            "NV-T068",
            f"`move.accountFolder` needs an image with a shell, and the tag of `{image}` does not say `alpine`",
            scene.plan,
            "move",
            "accountFolder",
            hint="state one: accountFolder: {old: …, image: …}",
        )
    return image
