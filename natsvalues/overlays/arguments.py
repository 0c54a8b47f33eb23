"""Arguments of the server that override nats.conf: what natsvalues decides there would have no effect.

`--name` is part of the servers' names (`transforms/names.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.errors import NatsvaluesError
from natsvalues.manifests.settings import cluster_name_argument, jetstream_argument, jetstream_is_on

if TYPE_CHECKING:
    from natsvalues.overlays.scene import Scene


def require_no_override(scene: Scene) -> None:
    """Raise if an argument contradicts the name that the cluster has, or whether JetStream is on, after all edits."""
    name = cluster_name_argument(scene.nats)
    if name is not None and name != scene.plan.region.name:
        raise _contradicted(
            scene,
            f"`--cluster_name` names the cluster `{name}`, and the region is `{scene.plan.region.name}`",
            "remove the argument: natsvalues names the cluster after the region, and with another name than the\n"
            "gateway's the servers would not start",
        )
    given, is_on = jetstream_argument(scene.nats), jetstream_is_on(scene.conf)
    if given is not None and given != is_on:
        hint = "remove the argument, and set config.jetstream.enabled in the chart's values"
        if scene.plan.waits_to_join and scene.had_jetstream:
            hint = "remove the argument: an empty region runs no JetStream before it joins, as it could erase streams"
        words = (
            "turns JetStream on, and in nats.conf it is off" if given else "turns JetStream off, and nats.conf has it"
        )
        raise _contradicted(scene, f"`-js` {words}", hint)


def _contradicted(scene: Scene, message: str, hint: str) -> NatsvaluesError:
    where = (scene.at_statefulset(f"containers[name={scene.nats.container}].args"),)
    return NatsvaluesError("NV-T068", f"the server's argument {message}", where=where, hint=hint)
