"""Adapt a pod's files to loopback: addresses, paths and certificates, and nothing else. Every change is recorded."""

from __future__ import annotations

import os
import posixpath
import re
import shutil
from typing import TYPE_CHECKING, Any

from natsvalues.manifests.chart import joined
from natsvalues.manifests.conf.language import spellings
from natsvalues.manifests.settings import jetstream_is_on, store_directory
from natsvalues.records import NamedTuple
from natsvalues.rehearsal.addresses import Layout, host_port
from natsvalues.rehearsal.rendering import MADE_UP, Rendering, environment, expanded, is_hash
from natsvalues.text.hosts import is_address
from natsvalues.text.natsconf import ConfOp, Variable, edit, includes, read, symbolic

if TYPE_CHECKING:
    from collections.abc import Iterator

Path = tuple[str | int, ...]
_LISTENERS = ("cluster", "gateway", "leafnodes", "leaf", "websocket", "ws", "mqtt")
_STORE = spellings("jetstream.store_dir")
_STORE_OPTION = re.compile(r"--?(?:sd|store_dir)(=|$)")
_FOLDERS = (*_STORE, "dir", "ports_file_dir", "pid_file", "pidfile", "log_file", "logfile")
_OPERATORS = spellings("operator")
_CERTIFICATES = {"cert_file": "tls.crt", "key_file": "tls.key", "ca_file": "ca.crt"}
_SECRETS = ("password", "pass", "token")
_HOSTS = ("host", "net", "addr")
_LISTENS = ("listen", "http", "https", *_HOSTS)
_URL_HOST = re.compile(r"(?<=://)((?:[^@/]*@)?)(?:\[[^\]]*\]|[^/:]*)(:\d+)?")
_SIGNAL = re.compile(r"--?(?:sl|signal)\b")
CERTIFICATES = "certificates"


class Move(NamedTuple):
    """One setting that differs from the rendering, and why."""

    setting: str
    rendered: str
    run: str
    why: str


class Moved(NamedTuple):
    """What a pod runs: files by path below its folder, its variables, its arguments, and the changed settings.

    `store` is the folder of its JetStream store.
    """

    files: dict[str, str]
    config_file: str
    environment: dict[str, str]
    arguments: tuple[str, ...]
    moves: tuple[Move, ...]
    names: tuple[str, ...]
    needs_certificate: bool
    store: str

    def empty_store(self) -> None:
        """Delete what the server has stored."""
        shutil.rmtree(self.store, ignore_errors=True)

    def write(self, root: str) -> None:
        """Write the files below a pod's folder, and make the folder of the pid file."""
        for path, text in self.files.items():
            whole = os.path.join(root, path)
            os.makedirs(os.path.dirname(whole), exist_ok=True)
            with open(whole, "w", encoding="utf-8") as file:
                file.write(text)
        os.makedirs(os.path.join(root, "var", "run", "nats"), exist_ok=True)


class _Guide(NamedTuple):
    """What one pod's settings are replaced with."""

    rendering: Rendering
    key: str
    layout: Layout
    pod: str
    mine: str
    root: str
    variables: dict[str, str]


def pod_files(layout: Layout, key: str, ordinal: int, root: str) -> Moved:
    """The files and arguments of pod `ordinal` of a region, below `root`. Raises as `natsconf.edit` does."""
    rendering = layout.renderings[key]
    places, balancers = layout.map, layout.balancers[key]
    pod, mine = rendering.pods[ordinal], places.pod(key, ordinal)
    variables = environment(rendering, pod, mine)
    guide = _Guide(rendering, key, layout, pod, mine, root, variables)
    folder = posixpath.dirname(posixpath.normpath(f"/{rendering.config_file}")).lstrip("/")  # never above the root
    files: dict[str, str] = {}
    moves: dict[str, Move] = {}
    main = posixpath.basename(rendering.config_file)
    placed = {name: posixpath.normpath(posixpath.join(folder, name)) for name in rendering.files}
    configurations = rendering.configurations
    for name, text in rendering.files.items():
        is_main = name == main
        if name not in configurations:
            files[placed[name]] = text
            continue
        ops = list(_operations(symbolic(read(text)), guide, is_main=is_main))
        files[placed[name]] = edit(text, [op for op, _ in ops])
        for _, move in ops:
            moves.setdefault(move.setting, move)
        for include in includes(read(text)):
            path = posixpath.normpath(posixpath.join(folder, joined(name, include.path)))
            if path not in placed.values() and not path.startswith(".."):
                files.setdefault(path, "")
                moves[f"include {include.path}"] = Move(
                    f"include {include.path}", "a file that is not in the release", "an empty file", "unknown here"
                )
    config = posixpath.join(root, folder, main)
    own_hosts = [host for balancer in balancers for host in balancer.hosts]
    headless = rendering.nats.statefulset.value["spec"].get("serviceName")
    services = [pod, f"{pod}.{headless}", rendering.nats.name]
    routes = [host_port(str(url))[0] for url in rendering.state.routes]
    services += [host for host in routes if host.partition(".")[0] in (pod, headless)]
    spots = [places.balancer(key, number) for number in range(len(balancers))]
    has_tls = any("_file" in str(name) for name in _keys(rendering.conf))
    return Moved(
        files, config, variables, _arguments(rendering, config, variables, root), tuple(moves.values()),
        (mine, *spots, "localhost", *services, *own_hosts), has_tls, _store(moves, root),
    )  # fmt: skip


def _store(moves: dict[str, Move], root: str) -> str:
    """The folder of the JetStream store: where a setting was moved to, else the one that was set."""
    stated = (move.run for move in moves.values() if move.setting.rpartition(".")[2] in _STORE)
    return next(stated, f"{root}/store")


def _keys(value: Any) -> Iterator[Any]:
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield key
        yield from _keys(item)


def _arguments(rendering: Rendering, config: str, variables: dict[str, str], root: str) -> tuple[str, ...]:
    """The container's own arguments, with the new paths of files and stores, and the values of variables."""
    container = rendering.nats.container_value
    words = [str(word) for word in container.get("args") or (container.get("command") or ())[1:]]
    signals = any(_SIGNAL.match(word) for word in words)  # would reach whatever server runs on this machine
    is_shell = "-c" in (container.get("command") or ())[1:2]
    if not any(rendering.config_file in word for word in words) or is_shell or signals:
        return ("-c", config)  # such as a shell around it: its other effects are unknown
    words = _moved_store(words, "" if store_directory(rendering.conf) is None else f"{root}/store")
    return tuple(expanded(word.replace(rendering.config_file, config), variables) for word in words)


def _moved_store(words: list[str], folder: str) -> list[str]:
    """The words with another store; without a folder none names it, as nats.conf then does.

    facts: the server refuses the option beside a `store_dir` in nats.conf, so there it stays, to be refused.
    """
    kept: list[str] = []
    is_value = False
    for word in words:
        match = _STORE_OPTION.match(word)
        if is_value or match:
            if folder:
                kept.append(folder if is_value else f"{match[0]}{folder}" if match and match[1] else word)
            is_value = bool(match and not is_value and not match[1])
        else:
            kept.append(word)
    return kept


def _operations(conf: dict[str, Any], guide: _Guide, *, is_main: bool) -> Iterator[tuple[ConfOp, Move]]:
    yield from _walk(conf, (), guide)
    here = f"the address of {guide.pod}"
    for name in _LISTENERS:
        block = conf.get(name)
        if isinstance(block, dict) and not set(block) & {"listen", "host", "net"}:
            yield _op((name, "host"), None, guide.mine, here)
    gateway = conf.get("gateway")
    if isinstance(gateway, dict) and "advertise" not in gateway:
        nobody = f"{guide.layout.map.unreachable(guide.key)}:{guide.rendering.gateway_port}"
        yield _op(
            ("gateway", "advertise"), None, nobody, "pods advertise their own address, which no other region reaches"
        )
    if not is_main:
        return
    if not set(conf) & {"listen", "host", "net", "addr"}:
        yield _op(("host",), None, guide.mine, here)
    if guide.rendering.monitor is None and type(conf.get("http_port", 0)) in (int, Variable):
        yield _op(("http_port",), None, 8222, "the rehearsal reads the servers' monitoring endpoint")
    jetstream = conf.get("jetstream")
    if jetstream_is_on(conf) and not isinstance(jetstream, dict):
        yield _op(("jetstream",), jetstream, {"store_dir": f"{guide.root}/store"}, "a folder of its own")
    elif isinstance(jetstream, dict) and jetstream_is_on(conf) and not set(jetstream) & set(_STORE):
        yield _op(("jetstream", "store_dir"), None, f"{guide.root}/store", "a folder of its own")


def _op(path: Path, old: Any, new: Any, why: str) -> tuple[ConfOp, Move]:
    spelled = ".".join(map(str, path))
    shown = "" if old is None else str(old) if not isinstance(old, dict) else "…"
    return ConfOp("add", path, new), Move(spelled, without_login(shown), without_login(str(new)), why)


def without_login(text: str) -> str:
    """A url without user and password, which may have an `@` in it."""
    return re.sub(r"(?<=://)[^/\s]*@", "", text)


def _walk(value: Any, at: Path, guide: _Guide) -> Iterator[tuple[ConfOp, Move]]:
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in entries:
        path: Path = (*at, key)
        meant = guide.variables.get(item.name) if isinstance(item, Variable) else item
        new = _changed(str(key), meant, path, guide)
        if new is None:
            if isinstance(item, dict) and key == "tls" and "cert_file" in item and "ca_file" not in item:
                ca = f"{guide.root}/{CERTIFICATES}/ca.crt"
                yield _op((*path, "ca_file"), None, ca, "the temporary certificates have their own authority")
            yield from _walk(item, path, guide)
        elif (new[0], meant) != (item, item):
            rendered = "a hash" if is_hash(meant) else without_login(str(item))
            yield (
                ConfOp("replace", path, new[0]),
                Move(".".join(map(str, path)), rendered, without_login(str(new[0])), new[1]),
            )


def _changed(key: str, value: Any, path: Path, guide: _Guide) -> tuple[Any, str] | None:
    """The new value and the reason; None if it stays."""
    if key in _CERTIFICATES and (value is None or isinstance(value, str)):
        return f"{guide.root}/{CERTIFICATES}/{_CERTIFICATES[key]}", "a temporary certificate with the declared names"
    if path[0] in ("accounts", "authorization") and key in _SECRETS and is_hash(value):
        return MADE_UP, "nobody knows the password behind a hash, and clients need one"
    if key in _FOLDERS and isinstance(value, str):
        return guide.root + posixpath.join("/", value), "below the pod's own folder"
    if path[0] in _OPERATORS and isinstance(value, str) and value.startswith("/"):
        return guide.root + value, "below the pod's own folder"
    block = path[0] if len(path) > 1 else ""
    listens = len(path) == 1 or (len(path) == 2 and block in _LISTENERS)  # noqa: PLR2004   # a block's own setting
    is_host = key in _HOSTS
    if listens and key in _LISTENS and type(value) in ((str,) if is_host else (str, int)):
        _, _, port = str(value).rpartition(":")
        address = guide.mine if is_host else f"{guide.mine}:{port}"
        return address, f"the address of {guide.pod}"
    if key == "advertise" and isinstance(value, str):
        host, port = host_port(value)
        default = str(guide.rendering.gateway_port or "") if block == "gateway" else ""
        address, meaning = (
            _target_of(host, path, guide) if block == "gateway" else (guide.mine, f"the address of {guide.pod}")
        )
        return f"{address}:{port or default}".rstrip(":"), meaning
    if isinstance(value, str) and _URL_HOST.search(value) and key not in ("operator", "issuer"):
        address, meaning = _target_of(host_port(value)[0], path, guide)
        return _URL_HOST.sub(rf"\g<1>{address}\g<2>", value, count=1), meaning
    return None


def _target_of(host: str, path: Path, guide: _Guide) -> tuple[str, str]:
    """The address that a host resolves to for this pod, and what it represents."""
    label = host.partition(".")[0]
    headless = guide.rendering.nats.statefulset.value["spec"].get("serviceName")
    if path[0] != "gateway":
        if guide.layout.has_dns and path[0] == "cluster" and label in (*guide.rendering.pods, headless):
            return host, "a name that DNS has"
        if label in guide.rendering.pods and path[0] == "cluster" and guide.rendering.hides_names:
            name = guide.layout.map.name(guide.key, guide.rendering.pods.index(label))
            return name, f"the name of {label}, which resolves while the pod is ready"
        if label in guide.rendering.pods:
            return guide.layout.map.pod(guide.key, guide.rendering.pods.index(label)), f"the address of {label}"
        if label in (headless, guide.rendering.nats.name):
            return guide.layout.map.pod(guide.key, 0), f"the first pod of {label}"
        return guide.layout.map.unreachable(guide.key), f"no listener: {host} is not in these renderings"
    for region, balancers in guide.layout.balancers.items():
        for number, balancer in enumerate(balancers):
            if host in balancer.hosts and guide.layout.has_dns and not is_address(host):
                return host, "a name that DNS has"
            if host in balancer.hosts:
                return guide.layout.map.balancer(region, number), f"load balancer {balancer.key}"
    return guide.layout.map.unreachable(
        guide.key
    ), f"no listener: no load balancer of these renderings has the name {host}"
