"""What a power cut costs a region's streams: messages that were acknowledged before they were on the servers' disks.

facts, run with one R3 stream on three servers whose file systems were cut off at once (docs/power-cuts.md, ten runs for
each of 2.12.8, 2.14.6 and 2.15.1 and each interval): servers acknowledge a message once a majority has it, and write it
to their disks every `sync_interval`, unless that is `always`. By default (two minutes) 252 to 1,678 messages were gone
after 40 s at up to 154 a second, in every run, and a stream of 12 seconds as a whole (2.14.2, docs/stages.md); with
`1s` up to 162, in 25 of 30 runs; with `always` none, at a tenth of the throughput (2.14.2). A stream is placed in one
cluster, so all its replicas are in one region. Processes that are killed lose nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.manifests.settings import store_limit, sync_interval

if TYPE_CHECKING:
    from natsvalues.supercluster.region_state import RegionState

SOURCE = "run on nats-server 2.12.8, 2.14.6 and 2.15.1 (docs/power-cuts.md); nats-server issue 7564"
THROUGHPUT = "where it was measured, a tenth as many messages a second: 1,081 instead of 11,288"
"""What `always` costs: one R3 stream on 2.14.2, three servers on one machine (docs/stages.md, Power cuts)."""
REMEDY = f"jetstream.sync: always in the overlays prevents it ({THROUGHPUT})"


def unwritten(state: RegionState) -> str:
    """The interval in which acknowledged messages may not be on a disk yet; empty if a power cut loses none by it.

    Empty as well where something else decides: without JetStream, with a store in memory or on no volume that outlives
    the pod, and where a variable has the interval.
    """
    limit = store_limit(state.conf, "max_file_store")
    if not state.has_jetstream or not state.store_survives or (limit is not None and limit[1] == 0):
        return ""
    interval = sync_interval(state.conf)
    return "" if interval == "always" else interval
