"""Read the settings of a server's configuration that a supercluster depends on, of any rendering.

A configuration here is what `natsconf.symbolic` gives: plain values, variables by name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from natsvalues.manifests.chart import option
from natsvalues.text.natsconf import Variable, read, value

if TYPE_CHECKING:
    from natsvalues.manifests.chart import Nats

DEFAULT_ACCOUNT = "$SYS"
"""The system account of a server that names none; its JetStream state lies under this name, too."""
POD = "$(POD_NAME)"
NAME_OPTIONS = ("n", "name", "server_name")
"""nats-server's options for the server's name."""


class Remote(NamedTuple):
    """A remote gateway as it is configured; urls as they are written."""

    name: str
    urls: tuple[str, ...]


def settings(nats: Nats) -> dict[str, Any]:
    """The value of nats.conf with the files it includes, as far as the same ConfigMap contains them.

    Raises ConfSyntaxError for what the server would refuse.
    """
    data = nats.config_map.value["data"]

    def included(path: str) -> str:
        text = data.get(path.rpartition("/")[2])
        return text if isinstance(text, str) else ""  # mounted from elsewhere: what it sets is not known here

    return value(read(nats.conf), loader=included)


def jetstream_is_on(conf: dict[str, Any]) -> bool:
    """Whether a configuration turns JetStream on: a filled block, or a word such as `enabled` or true."""
    given = conf.get("jetstream", False)
    if isinstance(given, str):
        return given.lower() in ("enabled", "enable", "true")
    return given is True or (isinstance(given, dict) and given.get("enabled", True) is not False)


def jetstream(conf: dict[str, Any]) -> dict[str, Any]:
    """The JetStream block; empty where there is none, or only a word."""
    given = conf.get("jetstream")
    return given if isinstance(given, dict) else {}


def system_account(conf: dict[str, Any]) -> str:
    """The system account, which decides what meta group the servers belong to."""
    given = conf.get("system_account") or conf.get("system")
    return str(given) if given else DEFAULT_ACCOUNT


def gateway(conf: dict[str, Any]) -> dict[str, Any]:
    """The gateway block; empty where there is none."""
    given = conf.get("gateway")
    return given if isinstance(given, dict) else {}


def gateway_listen(conf: dict[str, Any]) -> int | None:
    """The port that the gateway block names, as `port` or inside `listen`."""
    block = gateway(conf)
    return port_of(block.get("port")) or port_of(block.get("listen"))


def remotes(conf: dict[str, Any]) -> tuple[Remote, ...]:
    """The remote gateways that are configured, including the region's own name if it is listed."""
    listed = gateway(conf).get("gateways")
    entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    return tuple(Remote(str(entry.get("name")), _urls(entry)) for entry in entries)


def _urls(entry: dict[str, Any]) -> tuple[str, ...]:
    listed = entry.get("urls", entry.get("url", ()))
    return tuple(str(url) for url in (listed if isinstance(listed, list) else [listed])) if listed else ()


def dials_others(conf: dict[str, Any]) -> bool:
    """Whether there is a remote gateway other than the server's own name, which it skips."""
    own = gateway(conf).get("name")
    return any(remote.name != own for remote in remotes(conf))


def cluster_name(conf: dict[str, Any]) -> str | None:
    """The cluster's name; None without a cluster block that has one."""
    block = conf.get("cluster")
    name = block.get("name") if isinstance(block, dict) else None
    return str(name) if name is not None else None


def monitor(conf: dict[str, Any]) -> tuple[int, Literal["HTTP", "HTTPS"]] | None:
    """Port and scheme of the monitoring endpoint; None where it is off."""
    for key in ("http_port", "monitor_port", "http"):
        port = port_of(conf.get(key))
        if port:
            return port, "HTTP"
    port = port_of(conf.get("https_port")) or port_of(conf.get("https"))
    return (port, "HTTPS") if port else None


def port_of(given: Any) -> int | None:
    """A port written as a number, or as `host:port`."""
    if isinstance(given, str):
        last = given.rpartition(":")[2]
        return int(last) if last.isdigit() else None
    return given if isinstance(given, int) and not isinstance(given, bool) and given > 0 else None


def server_names(nats: Nats, conf: dict[str, Any]) -> str:
    """The pattern of the servers' names, with the pod's name as `$(POD_NAME)`: `eu-west-$(POD_NAME)`.

    `--name` on the command line overrides `server_name` (run on 2.14.2).
    """
    env = {str(item.get("name")): item for item in nats.env}
    given = option(nats.container_value, *NAME_OPTIONS)
    spelled = conf.get("server_name")
    if given is None:
        if not isinstance(spelled, Variable):
            return str(spelled)
        given = _expanded(spelled.name, env)
    return re.sub(r"\$\(([^)]+)\)", lambda match: _expanded(match[1], env), given)


def _expanded(name: str, env: dict[str, Any]) -> str:
    entry = env.get(name, {})
    source = entry.get("valueFrom")
    field = source.get("fieldRef") if isinstance(source, dict) else None
    is_pod = isinstance(field, dict) and field.get("fieldPath") == "metadata.name"
    return POD if is_pod else str(entry.get("value", f"${name}"))
