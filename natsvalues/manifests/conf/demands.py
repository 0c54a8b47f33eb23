"""All demands, and the faults of a configuration that does not meet them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.manifests.conf.check import Fault
from natsvalues.manifests.conf.connection_demands import CONNECTIONS
from natsvalues.manifests.conf.link_demands import LINKS
from natsvalues.manifests.conf.user_demands import USERS
from natsvalues.manifests.conf.usual import Settings, usual

if TYPE_CHECKING:
    from typing import Any

    from natsvalues.manifests.conf.usual import CommandLine
    from natsvalues.manifests.server import ServerVersion

DEMANDS = (*LINKS, *CONNECTIONS, *USERS)


def unmet(conf: dict[str, Any], version: ServerVersion, line: CommandLine) -> list[Fault]:
    """The demands that a configuration does not meet."""
    known, written = usual(conf)
    settings = Settings(known, line)
    return [
        Fault(written.get(path, path), "demand", details, demand.remedy, demand.by, demand.name)
        for demand in DEMANDS
        if not version.known or demand.holds_for(version.newest)
        for path, details in demand.check(settings)
    ]
