"""Renderings for a first boot: a region without remotes elects its meta leader alone, and at once.

facts: a first boot with remotes waits for the votes of all servers that it counts, from 2.12 on, and for the next
election 4 to 9 s later if they are not connected yet. Two regions of three servers had a leader after 4.9 s; where the
first one had no remotes and accepted the other's gateway, after 2.5 to 3.0 s (2.12.8, 2.14.2, 2.14.6, 2.15.1).
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from natsvalues.rehearsal.groups import expected_groups
from natsvalues.text.natsconf import ConfEditError, ConfOp, edit

if TYPE_CHECKING:
    from natsvalues.rehearsal.rendering import Rendering

_REMOTES = "gateways"
_REJECTS = ("reject_unknown", "reject_unknown_cluster")


def without_remotes(renderings: dict[str, Rendering]) -> dict[str, Rendering]:
    """The regions with their own meta group and remotes, rendered for their first boot: without remotes."""
    accounts = [item.state.account for item in renderings.values()]
    alone = {}
    for key, item in renderings.items():
        if item.state.is_clustered and item.state.remotes and accounts.count(item.state.account) == 1:
            bare = _without(item, _REMOTES)
            if bare is not None:
                alone[key] = bare
    return alone


def booting(renderings: dict[str, Rendering]) -> dict[str, Rendering]:
    """Other renderings of some regions, with which all have a leader soon at their first boot; empty if there are none.

    With meta groups of their own all boot without remotes; of one meta group the first does, and accepts the others.
    """
    alone = without_remotes(renderings)
    if alone:
        return alone if len(alone) == len(renderings) else {}
    groups = expected_groups(renderings)
    if len(groups) != 1 or set(groups[0].regions) != set(renderings):
        return {}
    early = not all(item.version.needs_all_votes for item in renderings.values())
    first = next((key for key, item in renderings.items() if item.replicas > 1 and item.state.remotes), None)
    if early or len(renderings) == 1 or first is None:
        return {}
    bare = _without(renderings[first], _REMOTES, *_REJECTS)
    return {first: bare} if bare is not None else {}


def _without(item: Rendering, *names: str) -> Rendering | None:
    """A rendering without settings of its gateway; None if they cannot be edited."""
    gateway = item.conf.get("gateway")
    if not isinstance(gateway, dict):
        return None
    main = posixpath.basename(item.config_file)
    try:
        text = edit(item.files[main], [ConfOp("remove", ("gateway", name)) for name in names if name in gateway])
    except ConfEditError:
        return None  # in an included file, which is not edited
    kept = {name: value for name, value in gateway.items() if name not in names}
    state = item.state._replace(conf=item.conf | {"gateway": kept})
    return item._replace(files=item.files | {main: text}, state=state)
