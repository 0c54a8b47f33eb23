"""The settings of a server's configuration on which a supercluster depends, read from any rendering.

`conf` is always what `natsconf.symbolic` returns: plain values, with variables by name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from natsvalues.manifests.chart import option, switch
from natsvalues.manifests.reload_table import spellings
from natsvalues.text.natsconf import Variable, read, value

if TYPE_CHECKING:
    from natsvalues.manifests.chart import Nats

DEFAULT_ACCOUNT = "$SYS"
"""The system account where nats.conf names none; the JetStream state is stored under this name, too."""
POD = "$(POD_NAME)"
NAME_OPTIONS = ("n", "name", "server_name")
"""nats-server's command-line options for the server's name."""
JETSTREAM_OPTIONS = ("js", "jetstream")
CLUSTER_NAME_OPTION = "cluster_name"
ENABLED = ("enabled", "enable")
"""The keys of the JetStream block that turn it on or off, and the words that do so instead of a block."""
_STORE_DIR = spellings("jetstream.store_dir")
STORE_LIMITS = {name: spellings(f"jetstream.{name}") for name in ("max_file_store", "max_memory_store")}
"""The limits of JetStream's stores, each with all its spellings."""
_BYTES = {"K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}


class Remote(NamedTuple):
    """A remote gateway, with its urls as they are written."""

    name: str
    urls: tuple[str, ...]


def settings(nats: Nats) -> dict[str, Any]:
    """The value of nats.conf with the files it includes, as far as the same ConfigMap contains them.

    Raises ConfSyntaxError for a file that the server would refuse.
    """
    data = nats.config_map.value["data"]

    def included(path: str) -> str:
        text = data.get(path.rpartition("/")[2])
        return text if isinstance(text, str) else ""  # from another volume: its settings are unknown

    return value(read(nats.conf), loader=included)


def jetstream_is_on(conf: dict[str, Any]) -> bool:
    """Whether a configuration turns JetStream on: with true, `enabled`, or a block without `enabled: false`.

    facts: run on 2.14.2, which reads `enable` as `enabled`, and refuses any other word.
    """
    block = conf.get("jetstream", False)
    if isinstance(block, str):
        return block.lower() in ENABLED
    return block is True or (isinstance(block, dict) and all(block.get(key) is not False for key in ENABLED))


def jetstream(conf: dict[str, Any]) -> dict[str, Any]:
    """The JetStream block; empty if there is none, or only a word."""
    block = conf.get("jetstream")
    return block if isinstance(block, dict) else {}


def store_directory(conf: dict[str, Any]) -> str | None:
    """`store_dir` in any spelling, in the JetStream block or outside; None if it is not set.

    facts: the server stores its data in the folder `jetstream` below it (run on 2.14.2).
    """
    block = jetstream(conf)
    folders = [block.get(key) for key in _STORE_DIR] + [conf.get(key) for key in ("store_dir", "storedir")]
    return next((folder for folder in folders if isinstance(folder, str) and folder), None)


def store_limit(conf: dict[str, Any], name: str) -> tuple[str, int] | None:
    """The key, as it is written, and the bytes of one of STORE_LIMITS; None if it is not set."""
    block = jetstream(conf)
    limits = ((key, store_size(block.get(key))) for key in STORE_LIMITS[name])
    return next(((key, size) for key, size in limits if size is not None), None)


def store_size(given: Any) -> int | None:
    """A JetStream store's size in bytes; None for anything else.

    The server also reads text such as "10G", in steps of 1024, and refuses "10Gi" and "10g" as text (run on 2.14.2).
    """
    if isinstance(given, str) and given[:-1].isdecimal() and given[-1] in _BYTES:
        return int(given[:-1]) * _BYTES[given[-1]]
    return given if isinstance(given, int) and not isinstance(given, bool) else None


def system_account(conf: dict[str, Any]) -> str:
    """The system account, which decides what meta group the servers belong to."""
    given = conf.get("system_account") or conf.get("system")
    return str(given) if given else DEFAULT_ACCOUNT


def gateway(conf: dict[str, Any]) -> dict[str, Any]:
    """The gateway block; empty if there is none."""
    block = conf.get("gateway")
    return block if isinstance(block, dict) else {}


def gateway_listen(conf: dict[str, Any]) -> int | None:
    """The port in the gateway block, from `port` or `listen`; None without one."""
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
    """Whether a remote gateway is listed besides the server's own name, which the server skips."""
    own = gateway(conf).get("name")
    return any(remote.name != own for remote in remotes(conf))


def cluster_name(conf: dict[str, Any]) -> str | None:
    """The name in the cluster block; None without one."""
    block = conf.get("cluster")
    name = block.get("name") if isinstance(block, dict) else None
    return str(name) if name is not None else None


def cluster_name_argument(nats: Nats) -> str | None:
    """The cluster's name on the command line, which overrides that of nats.conf; None without one.

    facts: run on 2.10.26, 2.12.8 and 2.15.1.
    """
    given = option(nats.container_value, CLUSTER_NAME_OPTION)
    return _with_variables(given, nats) if given is not None else None


def jetstream_argument(nats: Nats) -> bool | None:
    """Whether the command line turns JetStream on or off, whatever nats.conf says; None where it does neither.

    facts: run on 2.10.26, 2.12.8 and 2.15.1: `-js` turns it on with `jetstream: false` and with `enabled: false`, and
    `-js=false` turns it off.
    """
    return switch(nats.container_value, *JETSTREAM_OPTIONS)


def monitor(conf: dict[str, Any]) -> tuple[int, Literal["HTTP", "HTTPS"]] | None:
    """Port and scheme of the monitoring endpoint; None if it is off."""
    for key in ("http_port", "monitor_port", "http"):
        port = port_of(conf.get(key))
        if port:
            return port, "HTTP"
    port = port_of(conf.get("https_port")) or port_of(conf.get("https"))
    return (port, "HTTPS") if port else None


def port_of(given: Any) -> int | None:
    """The number of a port written as a number or as `host:port`; None for anything else."""
    if isinstance(given, str):
        last = given.rpartition(":")[2]
        return int(last) if last.isdigit() else None
    return given if isinstance(given, int) and not isinstance(given, bool) and given > 0 else None


def server_names(nats: Nats, conf: dict[str, Any]) -> str:
    """The pattern of the servers' names, with the pod's name as `$(POD_NAME)`: `eu-west-$(POD_NAME)`.

    Empty if no name is set: then each server chooses one when it starts. `--name` on the command line overrides
    `server_name` (run on 2.14.2).
    """
    given = option(nats.container_value, *NAME_OPTIONS)
    spelled = conf.get("server_name")
    if given is None:
        if not isinstance(spelled, Variable):
            return str(spelled) if spelled is not None else ""
        given = _expanded(spelled.name, _variables(nats))
    return _with_variables(given, nats)


def _with_variables(text: str, nats: Nats) -> str:
    """A text with the values of the container's variables, as Kubernetes puts them into arguments."""
    env = _variables(nats)
    return re.sub(r"\$\(([^)]+)\)", lambda match: _expanded(match[1], env), text)


def _variables(nats: Nats) -> dict[str, Any]:
    return {str(item.get("name")): item for item in nats.env}


def _expanded(name: str, env: dict[str, Any]) -> str:
    entry = env.get(name, {})
    source = entry.get("valueFrom")
    field = source.get("fieldRef") if isinstance(source, dict) else None
    is_pod = isinstance(field, dict) and field.get("fieldPath") == "metadata.name"
    return POD if is_pod else str(entry.get("value", f"${name}"))
