"""The chart's own settings for what natsvalues does: used first, so that values read as a person would write them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from natsvalues.delivery.chart_objects import CONFIG_FILE, CONFIG_MAP, STATEFUL_SET, Role
from natsvalues.delivery.sections import IN_CONFIGURATION, About, Setting, reason
from natsvalues.text.natsconf import read, symbolic
from natsvalues.text.paths import Item

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from natsvalues.delivery.chart_values import Values
    from natsvalues.overlays.patches import Receipt

_NAMED = re.compile(r"([A-Za-z0-9_-]*)\$\(POD_NAME\)")
ROLLS = (
    "pods restart when the configuration changes: most of what joins regions does not reload, and without a "
    "post-renderer nothing else would restart them"
)


def knobs(values: Values, wanted: dict[Role, Any], receipts: Iterable[Receipt]) -> Iterator[Setting]:
    """The settings that bring the chart's rendering near what is wanted; `values` are complete."""
    conf = symbolic(read(wanted[CONFIG_MAP]["data"][CONFIG_FILE]))
    pod = wanted[STATEFUL_SET]["spec"]["template"]["spec"]
    server = next(item for item in pod["containers"] if item.get("name") == "nats")
    name = next((item.get("value") for item in server.get("env") or [] if item.get("name") == "SERVER_NAME"), None)
    prefix = _NAMED.fullmatch(str(name))
    if prefix is not None and prefix[1] != values["config"]["serverNamePrefix"]:
        variable = ("spec", "template", "spec", "containers", Item("name", "nats"), "env", Item("name", "SERVER_NAME"))
        why = reason(receipts, About("", "StatefulSet"), variable)
        yield Setting("put", ("config", "serverNamePrefix"), prefix[1], why)
    yield from _gateway(values["config"]["gateway"], conf.get("gateway"), pod, receipts)
    if not values["podTemplate"]["configChecksumAnnotation"]:
        yield Setting("put", ("podTemplate", "configChecksumAnnotation"), value=True, why=ROLLS)


def _gateway(given: Values, wanted: Any, pod: Values, receipts: Iterable[Receipt]) -> Iterator[Setting]:
    why = reason(receipts, IN_CONFIGURATION, ("gateway",))
    if bool(given["enabled"]) != isinstance(wanted, dict):
        yield Setting("put", ("config", "gateway", "enabled"), isinstance(wanted, dict), why)
    if not isinstance(wanted, dict):
        return
    port = wanted.get("port")
    if port is not None and port != given["port"]:
        yield Setting("put", ("config", "gateway", "port"), port, why)
    yield from _tls(given["tls"], wanted.get("tls"), pod, reason(receipts, IN_CONFIGURATION, ("gateway", "tls")))


def _tls(given: Values, wanted: Any, pod: Values, why: str) -> Iterator[Setting]:
    """The chart mounts the Secret and lets the reloader watch it, as natsvalues does."""
    volume = next((item for item in pod.get("volumes") or [] if item.get("name") == "gateway-tls"), None)
    secret = (volume or {}).get("secret", {}).get("secretName")
    if not isinstance(wanted, dict) or not secret:
        return
    said: dict[str, Any] = {"enabled": True, "secretName": secret}
    for key, field in (("cert", "cert_file"), ("key", "key_file")):
        folder, _, file = str(wanted.get(field)).rpartition("/")
        if folder == given["dir"].removesuffix("/"):
            said[key] = file
    for key, value in said.items():
        if given[key] != value:
            yield Setting("put", ("config", "gateway", "tls", key), value, why)
