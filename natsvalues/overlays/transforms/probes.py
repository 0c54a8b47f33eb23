"""Probes: no health check of a pod may wait for a meta leader, because the election waits for the pods.

The startup probe is the one that deadlocks a cold start; kubelet runs the readiness probe only after it. Which path
is leader-free depends on the server's version (`manifests.server`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.manifests.healthz import JS_ENABLED_ONLY, may_need_leader, ready_path
from natsvalues.manifests.probes import KINDS, field_of, http_path
from natsvalues.overlays.scene import Scene, overlay_error
from natsvalues.text.paths import Op

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.overlays.patches import Outcome

RULE = "probes"
SOURCE = "run on nats-server 2.10.26, 2.11.4, 2.12.8, 2.14.6 and 2.15.1"


def probes(scene: Scene) -> Iterator[Outcome]:
    """Set a leader-free path in each existing HTTP probe; port and scheme stay, and no probe is added."""
    if not scene.version.known:
        yield scene.warning(
            "the image's tag has no version: a version before 2.11 is assumed, whose leader-free "
            "check is also leader-free on every later one",
            scene.at_statefulset("image"),
            hint="set it in the region's overlay: nats: {version: 2.14.2}",
        )
    if not scene.version.has_leader_free_check:
        yield scene.warning(
            f"server {scene.version} has no leader-free health checks, so a cold start may never end",
            scene.at_statefulset("image"),
            hint="run 2.9.10 or later; 2.12 or later loses no data when gateways connect late on a first boot",
        )
    for name in KINDS:
        setting: str = getattr(scene.plan.probes, name)
        path = http_path(scene.nats.container_value, name)
        if path is None:
            continue
        if setting == "keep":
            if may_need_leader(path, scene.version):
                yield scene.warning(
                    f"the {name} probe `{path}` is kept, and it waits for a meta leader: a cold start may never end",
                    scene.plan.where("probes", name),
                )
            continue
        if setting != "auto":
            if may_need_leader(setting, scene.version):
                raise overlay_error(
                    "NV-T010",
                    f"the {name} probe `{setting}` waits for a meta leader on server {scene.version}",
                    scene.plan,
                    "probes",
                    name,
                    hint=f"a cold start would never end; use auto, or {ready_path(scene.version)}",
                )
            wanted = setting
        elif not may_need_leader(path, scene.version):
            continue
        else:
            wanted = JS_ENABLED_ONLY if name == "liveness" else ready_path(scene.version)
        yield scene.in_container(
            RULE,
            f"the {name} probe must not wait for a meta leader (server {scene.version}), so that a cold start can end",
            Op("add", (field_of(name), "httpGet", "path"), wanted),
            source=SOURCE,
        )
