"""Overrides: the command line and included files win over nats.conf, so what they set there must agree with it.

facts, run on nats-server 2.10.26 and 2.15.1: `--name`, `--cluster_name` and `-js` win over `server_name`,
`cluster.name` and the JetStream block; a `--cluster_name` that is not the gateway's name keeps the server from
starting. `--routes`, `--cluster_listen` and `--cluster_advertise` win too, over settings that natsvalues leaves alone;
`--store_dir` beside `store_dir` is refused by the server. Included files: manifests/included.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.errors import NatsvaluesError
from natsvalues.manifests.chart import argument
from natsvalues.manifests.settings import (
    NAME_OPTIONS,
    POD,
    SYNC_INTERVAL,
    configured_names,
    expanded,
    jetstream_is_on,
    runs_jetstream,
)
from natsvalues.overlays.server_conf import GATEWAY_KEYS, refuse_hidden, unreadable
from natsvalues.text.natsconf import Variable
from natsvalues.text.paths import Op

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.manifests.chart import Argument
    from natsvalues.overlays.patches import Outcome
    from natsvalues.overlays.scene import Scene

RULE = "overrides"
SOURCE = "run on nats-server 2.10.26 and 2.15.1"


def overrides(scene: Scene) -> Iterator[Outcome]:
    """Make the command line agree with nats.conf; refuse what cannot, and warn of files that cannot be read."""
    yield from _server_name(scene)
    yield from _cluster_name(scene)
    _check_jetstream(scene)
    yield from _included(scene)


def _server_name(scene: Scene) -> Iterator[Outcome]:
    word = argument(scene.nats.container_value, *NAME_OPTIONS)
    variable = scene.conf.get("server_name")
    if word is None or not isinstance(variable, Variable):
        return
    given, wanted = expanded(scene.nats, word.value), configured_names(scene.nats, scene.conf)
    if given == wanted:
        return
    if given != POD:
        raise NatsvaluesError(
            "NV-T065",
            f"the command line names the servers `{given}`, and the overlay `{wanted}`: the command line wins",
            where=(scene.at_statefulset(word.part), scene.plan.where("serverNames", "prefix")),
            hint="every server of a region needs its pod's name, after the overlay's prefix: remove the option from "
            "the\nchart's values; or, if the region has streams under these names, state their prefix in the overlay",
        )
    why = f"the command line wins over server_name, so it gives the same: `{wanted}`"
    yield _replaced(scene, word, f"$({variable.name})", why)


def _cluster_name(scene: Scene) -> Iterator[Outcome]:
    word, name = argument(scene.nats.container_value, "cluster_name"), scene.plan.region.name
    if word is not None and word.value != name:
        why = "the command line wins over cluster.name, and cluster and gateway must have the same name"
        yield _replaced(scene, word, name, why)


def _replaced(scene: Scene, word: Argument, text: str, why: str) -> Outcome:
    op = Op("replace", (word.part, word.position), word.flag + text)
    return scene.in_container(RULE, why, op, source=SOURCE)


def _check_jetstream(scene: Scene) -> None:
    decided = jetstream_is_on(scene.conf)
    if runs_jetstream(scene.nats, scene.conf) == decided:
        return
    state, other = ("on", "off") if not decided else ("off", "on")
    raise NatsvaluesError(
        "NV-T066",
        f"the command line turns JetStream {state}, and nats.conf has it {other}: the command line wins",
        where=(scene.at_statefulset("args"), scene.at_conf("jetstream")),
        hint="remove -js (--jetstream) from the container's command line, and set config.jetstream.enabled in the "
        "chart's values",
    )


def _included(scene: Scene) -> Iterator[Outcome]:
    gateway = scene.plan.supercluster.gateway
    hidden = {"tls": gateway.tls, "authorization": gateway.authorization}
    if "gateway" in scene.conf:
        written = {key for key, block in hidden.items() if block is not None}
        refuse_hidden(scene.release, scene.nats, {("gateway",): GATEWAY_KEYS | written})
    stated: dict[tuple[str | int, ...], set[str]] = {}
    if scene.plan.sync is not None and jetstream_is_on(scene.conf):
        stated = {("jetstream",): set(SYNC_INTERVAL)}
        refuse_hidden(scene.release, scene.nats, stated)
    for item, names in unreadable(scene.nats, stated):
        yield scene.warning(
            f"nats.conf includes {item.file}, which its ConfigMap does not have: it could set {', '.join(names)}",
            scene.at_conf(),
            hint="natsvalues does not see that file: state these settings in the chart's values instead of there",
        )
