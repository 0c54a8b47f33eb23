"""The chart's own settings for what natsvalues does: used first, so that values look like a person's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from natsvalues.delivery.equality import CONFIG_FILE
from natsvalues.delivery.sections import IN_CONFIGURATION, Setting, Target, reason
from natsvalues.text.natsconf import read, symbolic
from natsvalues.text.paths import Item

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.delivery.rendering import Values
    from natsvalues.overlays.patches import Receipt

    Receipts = tuple[Receipt, ...]

_NAMED = re.compile(r"([A-Za-z0-9_-]*)\$\(POD_NAME\)")
ROLLS = (
    "pods restart when the configuration changes: most of what joins regions does not reload, and without a "
    "post-renderer nothing else would restart them"
)


def knobs(values: Values, config_map: Values, stateful_set: Values, receipts: Receipts) -> Iterator[Setting]:
    """The settings that render most of the two post-rendered objects; `values` are complete.

    A setting that this version of the chart does not have is left to `merge` and `patch`.
    """
    conf = symbolic(read(config_map["data"][CONFIG_FILE]))
    pod = stateful_set["spec"]["template"]["spec"]
    server = next(item for item in pod["containers"] if item.get("name") == "nats")
    name = next((item.get("value") for item in server.get("env") or [] if item.get("name") == "SERVER_NAME"), None)
    prefix = _NAMED.fullmatch(str(name))
    config = values["config"]
    if prefix is not None and config.get("serverNamePrefix", prefix[1]) != prefix[1]:
        variable = ("spec", "template", "spec", "containers", Item("name", "nats"), "env", Item("name", "SERVER_NAME"))
        why = reason(receipts, Target("", "StatefulSet"), variable)
        yield Setting("put", ("config", "serverNamePrefix"), prefix[1], why)
    yield from _gateway(config["gateway"], conf.get("gateway"), pod, receipts)
    if values["podTemplate"].get("configChecksumAnnotation") is False:
        yield Setting("put", ("podTemplate", "configChecksumAnnotation"), value=True, why=ROLLS)


def _gateway(given: Values, wanted: Any, pod: Values, receipts: Receipts) -> Iterator[Setting]:
    why = reason(receipts, IN_CONFIGURATION, ("gateway",))
    enabled = isinstance(wanted, dict)
    if given["enabled"] is not enabled:
        yield Setting("put", ("config", "gateway", "enabled"), enabled, why)
    if not enabled:
        return
    port = wanted.get("port")
    if port is not None and port != given["port"]:
        yield Setting("put", ("config", "gateway", "port"), port, why)
    yield from _tls(given["tls"], wanted.get("tls"), pod, reason(receipts, IN_CONFIGURATION, ("gateway", "tls")))


def _tls(given: Values, wanted: Any, pod: Values, why: str) -> Iterator[Setting]:
    """The chart then mounts the Secret, and its reloader watches the files, as after post-rendering."""
    volume = next((item for item in pod.get("volumes") or [] if item.get("name") == "gateway-tls"), None)
    secret = (volume or {}).get("secret", {}).get("secretName")
    if not isinstance(wanted, dict) or not secret:
        return
    settings: dict[str, Any] = {"enabled": True, "secretName": secret}
    for key, field in (("cert", "cert_file"), ("key", "key_file")):
        folder, _, file = str(wanted.get(field)).rpartition("/")
        if folder == str(given["dir"]).removesuffix("/"):
            settings[key] = file
    for key, value in settings.items():
        if given.get(key) != value:
            yield Setting("put", ("config", "gateway", "tls", key), value, why)
