"""What a server demands of its links, its JetStream and its other protocols. Of variables nothing is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.manifests.conf.demand import demand
from natsvalues.manifests.conf.usual import is_set
from natsvalues.manifests.quantities import SECOND, nanoseconds
from natsvalues.text.natsconf import Variable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.manifests.conf.usual import Path, Settings

_LONGEST_ROUTE_PING = 30 * SECOND
SHORTEST = 30 * SECOND
"""The shortest lame duck duration, in nanoseconds."""


@demand(
    "gateway-lacks-name-or-port",
    "start",
    "give the gateway a name and a port",
    fails="gateway {name: a}",
    passes="gateway {name: a, port: -1}",
)
def gateway_lacks(settings: Settings) -> Iterator[tuple[Path, str]]:
    """A gateway needs a name and a port."""
    block = settings.block("gateway")
    if not block or (not is_set(block.get("name")) and not settings.listens("gateway")):
        return
    lacks = [*([] if is_set(block.get("name")) else ["name"]), *([] if settings.listens("gateway") else ["port"])]
    if lacks:
        yield ("gateway",), f"the gateway has no {' and no '.join(lacks)}"


@demand(
    "remote-lacks-name-or-url",
    "start",
    "give each remote a name and a url",
    fails="gateway {name: a, port: -1, gateways: [{name: b}]}",
    passes='gateway {name: a, port: -1, gateways: [{name: b, url: "nats://127.0.0.1:1"}]}',
)
def remote_lacks(settings: Settings) -> Iterator[tuple[Path, str]]:
    """A remote gateway needs a name and a url."""
    if not settings.listens("gateway") and not is_set(settings.at("gateway", "name")):
        return
    for path, remote in settings.blocks("gateway", "gateways"):
        name = remote.get("name")
        missing = "name" if not is_set(name) else "url" if not (remote.get("urls") or remote.get("url")) else ""
        if missing:
            shown = f": `{name}`" if is_set(name) else ""
            yield path, f"a remote has no {missing}{shown}"


@demand(
    "names-differ",
    "start",
    "give both the name of the region",
    fails="cluster {name: a, port: -1}, gateway {name: b, port: -1}",
    passes="cluster {name: a, port: -1}, gateway {name: a, port: -1}",
)
def names_differ(settings: Settings) -> Iterator[tuple[Path, str]]:
    """A gateway and its cluster have the same name."""
    own, name = settings.at("gateway", "name"), settings.line.cluster_name or settings.at("cluster", "name")
    if isinstance(own, str) and isinstance(name, str) and own and name and own != name:
        yield ("gateway", "name"), f"the gateway is named `{own}` and the cluster `{name}`"


@demand(
    "name-with-spaces",
    "parser",
    "use letters, digits, - and _",
    fails='server_name: "a b"',
    passes="server_name: a_b",
    since=(2, 11, 0),
)
def spaces(settings: Settings) -> Iterator[tuple[Path, str]]:
    """Names of servers, clusters and gateways have no spaces."""
    for path in (("cluster", "name"), ("gateway", "name"), ("server_name",)):
        name = settings.at(*path)
        if isinstance(name, str) and " " in name:
            yield path, f"`{name}` has a space in it"


@demand(
    "domain-refused",
    "start",
    "use letters, digits, - and _",
    fails="jetstream {domain: a.b, store_dir: STORE}",
    passes="jetstream {domain: a-b, store_dir: STORE}",
)
def domain(settings: Settings) -> Iterator[tuple[Path, str]]:
    """A JetStream domain has no dots, spaces and wildcards."""
    name = settings.at("jetstream", "domain")
    if isinstance(name, str) and any(character in name for character in ".*> "):
        yield ("jetstream", "domain"), f"domain `{name}`"


@demand(
    "jetstream-without-server-name",
    "start",
    "set server_name",
    fails='jetstream {store_dir: STORE}, cluster {name: a, port: -1, routes: ["nats://127.0.0.1:1"]}',
    passes='server_name: s, jetstream {store_dir: STORE}, cluster {name: a, port: -1, routes: ["nats://127.0.0.1:1"]}',
)
def jetstream_server_name(settings: Settings) -> Iterator[tuple[Path, str]]:
    """JetStream in a cluster needs server_name."""
    if settings.line.jetstream and settings.listens("cluster") and not settings.is_named:
        yield (), "JetStream in a cluster, and no server_name"


@demand(
    "jetstream-without-cluster-name",
    "start",
    "set cluster.name",
    fails='server_name: s, jetstream {store_dir: STORE}, cluster {port: -1, routes: ["nats://127.0.0.1:1"]}',
    passes='server_name: s, jetstream {store_dir: STORE}, cluster {name: a, port: -1, routes: ["nats://127.0.0.1:1"]}',
)
def jetstream_cluster_name(settings: Settings) -> Iterator[tuple[Path, str]]:
    """JetStream in a cluster needs the cluster's name, or a gateway's."""
    named = settings.line.cluster_name or settings.at("cluster", "name") or settings.at("gateway", "name")
    if settings.line.jetstream and settings.listens("cluster") and not is_set(named):
        yield ("cluster",), "JetStream in a cluster without a name"


@demand(
    "payload-above-pending",
    "start",
    "raise max_pending, or lower max_payload",
    fails="max_payload: 8MB, max_pending: 4MB",
    passes="max_payload: 4MB, max_pending: 4MB",
)
def payload(settings: Settings) -> Iterator[tuple[Path, str]]:
    """max_payload is at most max_pending."""
    payload, pending = settings.at("max_payload"), settings.at("max_pending")
    most = pending if isinstance(pending, int) and pending > 0 else 64 * 1024**2
    if isinstance(payload, int) and payload > most and not isinstance(pending, Variable):
        yield ("max_payload",), f"max_payload is {payload}, and max_pending {most}"


def _lame_duck(settings: Settings) -> tuple[int | None, int | None]:
    """Duration and grace period in nanoseconds, with the server's defaults; None for what is no duration."""
    length = nanoseconds(settings.at("lame_duck_duration") or "2m")
    return length, nanoseconds(settings.at("lame_duck_grace_period") or "10s")


@demand(
    "lame-duck-refused",
    "parser",
    "set lame_duck_duration to 30s or more",
    fails="lame_duck_duration: 10s",
    passes="lame_duck_duration: 30s, lame_duck_grace_period: 5s",
)
def lame_duck(settings: Settings) -> Iterator[tuple[Path, str]]:
    """lame_duck_duration is 30s or more, lame_duck_grace_period not negative."""
    length, grace = _lame_duck(settings)
    if length is not None and length < SHORTEST:
        yield ("lame_duck_duration",), f"lame_duck_duration is {length / SECOND:g} s"
    elif grace is not None and grace < 0:
        yield ("lame_duck_grace_period",), "the grace period is negative"


@demand(
    "grace-period-too-long",
    "start",
    "set lame_duck_grace_period to less than lame_duck_duration",
    fails="lame_duck_duration: 30s, lame_duck_grace_period: 30s",
    passes="lame_duck_duration: 30s, lame_duck_grace_period: 10s",
)
def grace_period(settings: Settings) -> Iterator[tuple[Path, str]]:
    """lame_duck_grace_period is shorter than lame_duck_duration."""
    length, grace = _lame_duck(settings)
    if length is not None and grace is not None and grace >= length >= SHORTEST:
        message = f"the grace period {grace / SECOND:g} s is not shorter than {length / SECOND:g} s"
        yield ("lame_duck_grace_period",), message


@demand(
    "websocket-without-tls",
    "start",
    "add tls, or `no_tls: true` behind a proxy that has it",
    fails="websocket {port: -1}",
    passes="websocket {port: -1, no_tls: true}",
)
def websocket(settings: Settings) -> Iterator[tuple[Path, str]]:
    """A websocket port needs tls, or `no_tls: true`."""
    block = settings.block("websocket")
    if settings.listens("websocket") and not block.get("no_tls") and "tls" not in block:
        yield ("websocket",), "websocket has neither tls nor `no_tls: true`"


@demand(
    "mqtt-without-jetstream",
    "start",
    "turn JetStream on",
    fails="mqtt {port: -1}",
    passes="mqtt {port: -1}, jetstream {store_dir: STORE}, server_name: s",
)
def mqtt_alone(settings: Settings) -> Iterator[tuple[Path, str]]:
    """MQTT on a single server needs JetStream."""
    others = any(settings.listens(name) for name in ("cluster", "gateway", "leafnodes"))
    if (
        settings.listens("mqtt")
        and not settings.line.jetstream
        and not others
        and not settings.at("leafnodes", "remotes")
    ):
        yield ("mqtt",), "mqtt without JetStream, cluster, gateway and leaf nodes"


@demand(
    "mqtt-without-server-name",
    "start",
    "set server_name",
    fails="mqtt {port: -1}, cluster {name: a, port: -1}",
    passes="mqtt {port: -1}, cluster {name: a, port: -1}, server_name: s",
)
def mqtt_name(settings: Settings) -> Iterator[tuple[Path, str]]:
    """MQTT in a cluster needs server_name."""
    clustered = settings.listens("cluster") or settings.listens("gateway")
    if settings.listens("mqtt") and clustered and not settings.is_named:
        yield ("mqtt",), "mqtt in a cluster, and no server_name"


@demand(
    "store-dir-twice",
    "parser",
    "remove the one outside of the jetstream block",
    fails="store_dir: STORE, jetstream {store_dir: STORE}",
    passes="jetstream {store_dir: STORE}",
)
def store_twice(settings: Settings) -> Iterator[tuple[Path, str]]:
    """store_dir stands in one place."""
    if is_set(settings.at("store_dir")) and is_set(settings.at("jetstream", "store_dir")):
        yield ("store_dir",), "store_dir stands in the jetstream block and outside"


@demand(
    "permissions-of-routes",
    "test",
    "move them into the block `cluster.permissions`",
    fails="cluster {name: a, port: -1, authorization {user: a, password: b, permissions {}}}",
    passes="cluster {name: a, port: -1, permissions {}, authorization {user: a, password: b}}",
)
def route_permissions(settings: Settings) -> Iterator[tuple[Path, str]]:
    """Permissions of routes do not stand in the authorization block."""
    if "default_permissions" in settings.block("cluster", "authorization"):
        yield ("cluster", "authorization"), "permissions of routes are deprecated in the authorization block"


@demand(
    "ping-interval-of-routes",
    "test",
    "set cluster.ping_interval to 30s or less",
    fails='cluster {name: a, port: -1, ping_interval: "1m"}',
    passes='cluster {name: a, port: -1, ping_interval: "30s"}',
)
def route_pings(settings: Settings) -> Iterator[tuple[Path, str]]:
    """Routes ping at least every 30 s; the server takes 30 s for more."""
    given = settings.at("cluster", "ping_interval")
    seconds = nanoseconds(given)
    if seconds is not None and seconds > _LONGEST_ROUTE_PING:
        yield ("cluster", "ping_interval"), f"ping_interval is {seconds / SECOND:g} s"


LINKS = (
    route_pings,
    route_permissions,
    gateway_lacks,
    remote_lacks,
    names_differ,
    spaces,
    domain,
    jetstream_server_name,
    jetstream_cluster_name,
    payload,
    lame_duck,
    grace_period,
    websocket,
    mqtt_alone,
    mqtt_name,
    store_twice,
)
