"""What a region's servers find wrong with their configuration."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from natsvalues.manifests.conf.of_nats import server_faults

if TYPE_CHECKING:
    from natsvalues.manifests.conf.check import Fault
    from natsvalues.supercluster.region_state import RegionState


@lru_cache(maxsize=1024)  # several rules and impacts ask; states are compared by identity
def faults_of(state: RegionState) -> tuple[Fault, ...]:
    """The faults of keys, values and demands, for the version of the servers."""
    return tuple(server_faults(state.nats, state.conf, state.version))


def new_faults(before: RegionState | None, after: RegionState) -> list[Fault]:
    """The faults that stop the servers and that they did not have before; all of them without a state before."""
    known = {fault.identity for fault in faults_of(before)} if before is not None else set()
    return [fault for fault in faults_of(after) if fault.stops_server and fault.identity not in known]
