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
from natsvalues.text.natsconf import Scalar, read, unresolved
from natsvalues.text.natsconf.scalars import BEFORE_2_15_1

if TYPE_CHECKING:
    from natsvalues.manifests.chart import Nats
    from natsvalues.manifests.server import ServerVersion

_DIGITS_BEHIND = r"\d[kKmMgGtTpPeE][bBiI]*\d"  # what a number with digits behind its suffix has, and few files
_VARIABLE = re.compile(r"\$([A-Za-z_]\w*)")


def server_faults(nats: Nats, conf: dict[str, Any], version: ServerVersion) -> list[Fault]:
    """What a server of this version finds wrong with nats.conf; `conf` is its value as `settings` gives it.

    What a file that is not in the release may say is not missed: with one, only keys and values are looked at.
    """
    used = frozenset(_VARIABLE.findall(nats.conf))
    listed = faults(conf, version, used) + _refused_numbers(nats, version)
    if any(item.settings is None for item in included(nats)):
        return listed
    container = nats.container_value
    line = CommandLine(
        runs_jetstream(nats, conf),
        option(container, *NAME_OPTIONS) is not None,
        option(container, "cluster_name"),
    )
    return listed + _unset(nats) + unmet(conf, version, line)


def _refused_numbers(nats: Nats, version: ServerVersion) -> list[Fault]:
    """Values such as 2m30s, which a server before 2.15.1 refuses without quotes."""
    if version.newest >= (2, 15, 1) or not re.search(_DIGITS_BEHIND, nats.conf):
        return []
    conf = read(nats.conf)
    offsets = {finding.offset for finding in conf.findings if finding.message == BEFORE_2_15_1}
    if not offsets:
        return []
    from natsvalues.text.natsconf.positions import positions  # imported here because few values are like that

    said = "digits stand behind the suffix of a number, as in 2m30s, which servers before 2.15.1 refuse"
    refused = [position.path for position in positions(conf) if position.value.span.start in offsets]
    return [Fault(path, "number", said, "put the value in quotes") for path in refused]


def _unset(nats: Nats) -> list[Fault]:
    """The variables that neither nats.conf nor the container sets; of a plain file nobody knows the environment."""
    if "$" not in nats.conf or nats.plain is not None or nats.container_value.get("envFrom"):
        return []
    known = {str(item.get("name")): '""' for item in nats.env}
    if "include" not in nats.conf.lower() and known.keys() >= set(_VARIABLE.findall(nats.conf)):
        return []
    conf = read(nats.conf)
    left = unresolved(conf, known, lambda path: text_of_include(nats, path) or "")
    from natsvalues.text.natsconf.positions import positions  # imported here because few variables are not set

    places = {position.value.span: position.path for position in positions(conf)}
    listed: dict[str, Fault] = {}
    for item in left:
        name = f"`${item.value}`" if isinstance(item, Scalar) else f"in {item.path}"
        fault = Fault(
            places.get(item.span, ()),
            "variable",
            f"the variable {name} is set neither in nats.conf nor in the environment of the server's container",
            "set it in the chart's values, in container.env",
        )
        listed.setdefault(name, fault)
    return list(listed.values())
