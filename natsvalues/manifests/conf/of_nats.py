"""The faults of the configuration of a NATS in a release, with its command line, its environment and its includes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from natsvalues.manifests.chart import option
from natsvalues.manifests.conf.check import Fault, faults
from natsvalues.manifests.conf.demands import unmet
from natsvalues.manifests.conf.usual import CommandLine
from natsvalues.manifests.included import included, text_of_include
from natsvalues.manifests.settings import NAME_OPTIONS, runs_jetstream
from natsvalues.text.natsconf import Scalar, Variable, read, symbolic, unresolved

if TYPE_CHECKING:
    from natsvalues.manifests.chart import Nats
    from natsvalues.manifests.server import ServerVersion

_VARIABLE = re.compile(r"\$([A-Za-z_]\w*)")


def server_faults(nats: Nats, conf: dict[str, Any], version: ServerVersion) -> list[Fault]:
    """What a server of this version finds wrong with nats.conf; `conf` is its value as `settings` gives it.

    What a file that is not in the release may say is not missed: with one, only keys and values are looked at.
    """
    used = frozenset(_VARIABLE.findall(nats.conf))
    found = faults(conf, version, used)
    if any(item.settings is None for item in included(nats)):
        return found
    container = nats.container_value
    line = CommandLine(
        runs_jetstream(nats, conf),
        option(container, *NAME_OPTIONS) is not None,
        option(container, "cluster_name"),
    )
    return found + list(_unset(nats)) + unmet(conf, version, line)


def _unset(nats: Nats) -> list[Fault]:
    """The variables that neither nats.conf nor the container sets; of a plain file nobody knows the environment."""
    if "$" not in nats.conf or nats.plain is not None or nats.container_value.get("envFrom"):
        return []
    known = {str(item.get("name")): '""' for item in nats.env}
    conf = read(nats.conf)
    left = unresolved(conf, known, lambda path: text_of_include(nats, path) or "")
    text = symbolic(conf)
    names = dict.fromkeys(item.value if isinstance(item, Scalar) else f"in {item.path}" for item in left)
    return [
        Fault(
            _path_of(Variable(str(name)), text) or (),
            "variable",
            f"the variable {name if str(name).startswith('in ') else f'`${name}`'} is set neither in nats.conf nor in "
            "the environment of the server's container",
            "set it in the chart's values, in container.env",
        )
        for name in names
    ]


def _path_of(wanted: Variable, value: Any) -> tuple[str | int, ...] | None:
    """The path at which a variable stands; None if it is not there."""
    if value == wanted and isinstance(value, Variable):
        return ()
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        path = _path_of(wanted, part)
        if path is not None:
            return (key, *path)
    return None
