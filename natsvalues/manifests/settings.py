"""The settings of a server's configuration on which a supercluster depends, read from any rendering.

`conf` is always what `natsconf.symbolic` returns: plain values, with variables by name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from natsvalues.manifests.chart import option, switch
from natsvalues.manifests.conf.language import spellings
from natsvalues.manifests.included import text_of_include
from natsvalues.manifests.operators import operator_account
from natsvalues.records import NamedTuple
from natsvalues.text.natsconf import Variable, read, value

if TYPE_CHECKING:
    from natsvalues.manifests.chart import Nats

DEFAULT_ACCOUNT = "$SYS"
"""The system account where nats.conf names none; the JetStream state is stored under this name, too."""
POD = "$(POD_NAME)"
_REFERENCE = re.compile(r"\$\(([^)]+)\)")
NAME_OPTIONS = ("n", "name", "server_name")
"""nats-server's command-line options for the server's name."""
ENABLED = ("enabled", "enable")
"""The keys of the JetStream block that turn it on or off, and the words that do so instead of a block."""
_STORE_DIR = spellings("jetstream.store_dir")
STORE_LIMITS = {name: spellings(f"jetstream.{name}") for name in ("max_file_store", "max_memory_store")}
"""The limits of JetStream's stores, each with all its spellings."""
SYNC_INTERVAL = spellings("jetstream.sync_interval")
"""How often JetStream's servers write to their disks, in all spellings."""
DEFAULT_SYNC = "2m"
_BYTES = {"K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}


class Remote(NamedTuple):
    """A remote gateway, with its urls as they are written."""

    name: str
    urls: tuple[str, ...]


def settings(nats: Nats) -> dict[str, Any]:
    """The value of nats.conf with the files it includes, as far as the same ConfigMap contains them.

    Raises ConfSyntaxError for a file that the server would refuse.
    """
    # A file from another volume is empty here: its settings are unknown.
    return value(read(nats.conf), loader=lambda path: text_of_include(nats, path) or "")


def runs_jetstream(nats: Nats, conf: dict[str, Any]) -> bool:
    """Whether the servers run JetStream: `-js` on the command line wins over the configuration.

    facts: run on 2.10.26 and 2.15.1, with and without a block, for `-js` and `-js=false`.
    """
    given = switch(nats.container_value, "js", "jetstream")
    return jetstream_is_on(conf) if given is None else given


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


def sync_interval(conf: dict[str, Any]) -> str:
    """`always`, or the duration after which a message is on the disks; empty if a variable has it.

    facts: without the key it is two minutes (nats-server issue 7564), and the server reads `always` in any case (run on
    2.10.26 to 2.15.1).
    """
    block = jetstream(conf)
    given = next((block[key] for key in SYNC_INTERVAL if key in block), DEFAULT_SYNC)
    if isinstance(given, Variable):
        return ""
    return "always" if str(given).lower() == "always" else str(given)


def store_size(given: Any) -> int | None:
    """A JetStream store's size in bytes; None for anything else.

    The server also reads text such as "10G", in steps of 1024, and refuses "10Gi" and "10g" as text (run on 2.14.2).
    """
    if isinstance(given, str) and given[:-1].isdecimal() and given[-1] in _BYTES:
        return int(given[:-1]) * _BYTES[given[-1]]
    return given if isinstance(given, int) and not isinstance(given, bool) else None


def system_account(conf: dict[str, Any]) -> str:
    """The system account, which decides what meta group the servers belong to."""
    return stated_system_account(conf) or DEFAULT_ACCOUNT


def stated_system_account(conf: dict[str, Any]) -> str | None:
    """The system account that the configuration or the operator's JWT names; None if neither does."""
    given = conf.get("system_account") or conf.get("system")
    return str(given) if given else operator_account(conf)


def cluster_name_of(nats: Nats, conf: dict[str, Any]) -> str | None:
    """The cluster's name, for which the command line wins over the configuration (run on 2.10.26 and 2.15.1)."""
    return option(nats.container_value, "cluster_name") or cluster_name(conf)


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


def listens_for_routes(conf: dict[str, Any]) -> bool:
    """Whether the cluster block has a port, without which the server is in no cluster, whatever else the block has.

    facts: with `cluster {name: …}` alone JetStream starts as on a single server (run on 2.10.26 to 2.15.1).
    """
    block = conf.get("cluster")
    return isinstance(block, dict) and any(block.get(key) not in (None, 0) for key in ("port", "listen"))


def extends_jetstream(conf: dict[str, Any]) -> bool:
    """Whether a leaf node connects the system account to another JetStream, whose meta group it may join."""
    blocks = [block for block in (conf.get("leafnodes"), conf.get("leaf")) if isinstance(block, dict)]
    listed = [remote for block in blocks if isinstance(block.get("remotes"), list) for remote in block["remotes"]]
    return any(isinstance(remote, dict) and remote.get("account") == system_account(conf) for remote in listed)


def cluster_name(conf: dict[str, Any]) -> str | None:
    """The name in the cluster block; None without one."""
    block = conf.get("cluster")
    name = block.get("name") if isinstance(block, dict) else None
    return str(name) if name is not None else None


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
    return configured_names(nats, conf) if given is None else expanded(nats, given)


def configured_names(nats: Nats, conf: dict[str, Any]) -> str:
    """The pattern of the names that `server_name` gives, whatever the command line says; empty if none is set."""
    spelled = conf.get("server_name")
    if isinstance(spelled, Variable):
        return expanded(nats, f"$({spelled.name})")
    return str(spelled) if spelled is not None else ""


def expanded(nats: Nats, text: str) -> str:
    """A text of the container with its variables filled in, and the pod's name as `$(POD_NAME)`."""
    env = {str(item.get("name")): item for item in nats.env}

    def filled(match: re.Match[str], *, deeper: bool = True) -> str:
        meaning, is_pod = _expanded(match[1], env)
        if is_pod or not deeper:  # a variable may refer to one before it
            return meaning
        return _REFERENCE.sub(lambda inner: filled(inner, deeper=False), meaning)

    return _REFERENCE.sub(filled, text)


def _expanded(name: str, env: dict[str, Any]) -> tuple[str, bool]:
    """What a variable is, and whether it is the pod's name; the text `$(POD_NAME)` alone does not make it that."""
    entry = env.get(name, {})
    source = entry.get("valueFrom")
    field = source.get("fieldRef") if isinstance(source, dict) else None
    is_pod = isinstance(field, dict) and field.get("fieldPath") == "metadata.name"
    return (POD, True) if is_pod else (str(entry.get("value", f"${name}")), False)


def other_prefix(pattern: str, prefix: str) -> str:
    """What names of this pattern begin with, if it is neither nothing nor `prefix`; else the empty text.

    A rendering without a prefix gets that of the overlay; with another one the two contradict each other.
    """
    before, pod, _ = pattern.partition(POD)
    return before if pod and before != prefix else ""
