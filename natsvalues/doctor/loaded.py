"""Which configuration a pod's server has loaded, if it has loaded the one that the ConfigMap has now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.doctor.live import container_of
from natsvalues.manifests.chart import mappings
from natsvalues.manifests.included import text_of_include
from natsvalues.rehearsal.rendering import expanded
from natsvalues.text.natsconf import ConfSyntaxError, read
from natsvalues.text.natsconf.digest import loaded_digests

if TYPE_CHECKING:
    from natsvalues.doctor.live import Live
    from natsvalues.doctor.seen import Object

Values = dict[str, dict[str, bytes]]
"""The values of Secrets, by name and key; they are in no record."""


def digests_of(live: Live, pod: Object, values: Values) -> tuple[str, ...]:
    """How this pod's server names the nats.conf that the ConfigMap has now; empty where that is not known."""

    def loader(path: str) -> str:
        text = text_of_include(live.nats, path)
        if text is None:
            raise LookupError(path)
        return text

    try:
        return loaded_digests(read(live.nats.conf), _environment(live, pod, values), loader)
    except (LookupError, ConfSyntaxError):
        return ()


def _environment(live: Live, pod: Object, values: Values) -> dict[str, str]:
    """The variables of a pod's server whose values are known."""
    variables: dict[str, str] = {}
    for item in mappings(container_of(live, pod).get("env")):
        name, source = str(item.get("name")), item.get("valueFrom")
        if not isinstance(source, dict):
            variables[name] = expanded(str(item.get("value") or ""), variables)
            continue
        field, secret = source.get("fieldRef"), source.get("secretKeyRef")
        if isinstance(field, dict):
            value: Any = pod
            for part in str(field.get("fieldPath")).split("."):
                value = value.get(part) if isinstance(value, dict) else None
            variables |= {name: value} if isinstance(value, str) else {}
        elif isinstance(secret, dict):
            raw = values.get(str(secret.get("name")), {}).get(str(secret.get("key")))
            variables |= {name: raw.decode("utf-8", "replace")} if raw is not None else {}
    return variables
