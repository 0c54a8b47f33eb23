"""What the chart makes of `config` in its values: the server's configuration, as settings and as its file's text.

facts (run with charts 1.2.11, 1.3.16 and 2.14.2): each block is what the chart makes of its values, then `merge` over
it (maps go into maps; anything else replaces, null too), then `patch`, RFC 6902; the blocks first, then the whole.
In the text `"<< x >>"` loses its quotes, and a key that ends in `$include` becomes an include.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import jsonpatch

from natsvalues.delivery.chart_values import copied
from natsvalues.errors import NatsvaluesError

if TYPE_CHECKING:
    from natsvalues.delivery.chart_values import Places

Values = dict[str, Any]
LISTENERS = ("nats", "leafnodes", "websocket", "mqtt", "cluster", "gateway", "monitor", "profiling")
"""In the order in which the chart names ports and volumes."""
BLOCKS = ("cluster", "gateway", "jetstream", "leafnodes", "mqtt", "resolver", "websocket")
"""The blocks of the configuration that have values, a merge and a patch of their own."""

_INCLUDE = re.compile(r'".*\$include": "(.*)",?')
_BARE = re.compile(r'"<<\s+(.*)\s+>>"')


def listens(config: Values, listener: str) -> bool:
    """Whether a listener is on."""
    return listener == "nats" or bool(config[listener].get("enabled"))


class Chartlike:
    """The chart's way with `merge` and `patch`, and the places to name when a patch does not fit."""

    def __init__(self, values: Values, places: Places) -> None:
        self.values = values
        self.places = places

    def changed(self, document: Any, section: Values, *path: str) -> Any:
        """The document with a section's merge, then its patch. Raises NatsvaluesError for a patch that does not fit."""
        over(document, section.get("merge") or {})
        patch = section.get("patch") or []
        if not patch:
            return document
        try:
            return jsonpatch.apply_patch(document, patch)
        except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException, TypeError, KeyError, ValueError) as error:
            raise NatsvaluesError(
                "NV-V003",
                f"the patch does not fit what the chart renders: {type(error).__name__}",
                where=(self.places.where((*path, "patch")),),
                hint="helm template would fail at it, too: correct the paths of its operations",
            ) from None

    # --- the configuration --------------------------------------------------------------------------------

    def settings(self, fullname: str, headless: str) -> Values:
        """The configuration as the chart builds it, before it becomes text."""
        config = self.values["config"]
        conf: Values = {
            "server_name": "<< $SERVER_NAME >>",
            "lame_duck_grace_period": "10s",
            "lame_duck_duration": "30s",
            "pid_file": "/var/run/nats/nats.pid" if self.values["reloader"]["enabled"] else "/var/run/nats.pid",
            "port": config["nats"]["port"],
        }
        if config["nats"]["tls"]["enabled"]:
            conf["tls"] = self._tls("nats")
        if config["monitor"]["enabled"]:
            conf["https_port" if config["monitor"]["tls"]["enabled"] else "http_port"] = config["monitor"]["port"]
        if config["profiling"]["enabled"]:
            conf["prof_port"] = config["profiling"]["port"]
        for block in BLOCKS:
            if config[block]["enabled"]:
                made = self._block(block, fullname, headless)
                conf[block] = self.changed(made, config[block], "config", block)
        changed: Values = self.changed(conf, config, "config")
        return changed

    def _block(self, block: str, fullname: str, headless: str) -> Values:
        section = self.values["config"][block]
        if block == "jetstream":
            return _jetstream(section)
        if block == "resolver":
            return {"dir": section["dir"]}
        made: Values = {"port": section["port"]}
        if block == "leafnodes":
            made["no_advertise"] = True
        elif block == "gateway":
            made["name"] = fullname
        elif block == "cluster":
            made |= self._cluster(section, fullname, headless)
        if section["tls"]["enabled"]:
            made["tls"] = self._tls(block)
        elif block == "websocket":
            made["no_tls"] = True
        return made

    def _cluster(self, section: Values, fullname: str, headless: str) -> Values:
        given = section["routeURLs"]
        made: Values = {"name": fullname, "no_advertise": section["noAdvertise"]}
        user = ""
        if given["user"] and given["password"]:
            user = f"{_escaped(str(given['user']))}:{_escaped(str(given['password']))}@"
            made["authorization"] = {"user": str(given["user"]), "password": str(given["password"])}
        domain = headless
        if given["useFQDN"]:
            namespace = self.values["namespaceOverride"] or "<Release.Namespace>"
            domain = f"{headless}.{namespace}.svc.{given['k8sClusterDomain']}"
        scheme = "tls" if section["tls"]["enabled"] else "nats"
        hosts = (f"{fullname}-{ordinal}.{domain}" for ordinal in range(section["replicas"]))
        made["routes"] = [f"{scheme}://{user}{host}:{section['port']}" for host in hosts] or None
        return made

    def _tls(self, listener: str) -> Values:
        section = self.values["config"][listener]["tls"]
        authority = self.values["tlsCA"]
        made: Values = {}
        if section["secretName"]:
            folder = section["dir"].removesuffix("/")
            made["cert_file"] = f"{folder}/{section['cert'] or 'tls.crt'}"
            made["key_file"] = f"{folder}/{section['key'] or 'tls.key'}"
        if authority["enabled"] and (authority["configMapName"] or authority["secretName"]):
            made["ca_file"] = f"{authority['dir'].removesuffix('/')}/{authority['key'] or 'ca.crt'}"
        changed: Values = self.changed(made, section, "config", listener, "tls")
        return changed


def _escaped(text: str) -> str:
    """A text as part of a url, as Helm's `urlquery` gives it."""
    kept = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~")
    return "".join("+" if byte == ord(" ") else chr(byte) if byte in kept else f"%{byte:02X}" for byte in text.encode())


def _jetstream(section: Values) -> Values:
    made: Values = {}
    memory, file = section["memoryStore"], section["fileStore"]
    if not memory["enabled"]:
        made["max_memory_store"] = 0
    elif memory["maxSize"]:
        made["max_memory_store"] = f"<< {memory['maxSize']} >>"
    if not file["enabled"]:
        return {**made, "max_file_store": 0}
    made["store_dir"] = file["dir"]
    size = file["maxSize"] or (file["pvc"]["size"] if file["pvc"]["enabled"] else None)
    return {**made, "max_file_store": f"<< {size} >>"} if size else made


def over(document: Any, merge: Any) -> None:
    """Put `merge` over a document in place, as the chart does: maps go into maps, anything else replaces."""
    for key, value in merge.items():
        present = document.get(key)
        if isinstance(value, dict) and isinstance(present, dict):
            over(present, value)
        else:
            document[key] = copied(value)


def text(conf: Values) -> str:
    """The configuration as the chart writes it into the ConfigMap."""
    lines = json.dumps(conf, indent=2, sort_keys=True, ensure_ascii=False).split("\n")
    return "\n".join(_BARE.sub(r"\1", _INCLUDE.sub(r"include \1;", line)) for line in lines) + "\n"
