"""The text of the overlays that `init` writes: small files in which every decision that can hurt is explained."""

from __future__ import annotations

import re

from natsvalues.errors import NatsvaluesError
from natsvalues.overlays.model import Name
from natsvalues.text.scalars import written

_SCOPES = {
    "supercluster": """\
  # One JetStream across all regions: one meta group, streams placeable anywhere, mirrors between regions.
  # At most one region (the seed) may have run JetStream before the regions join.
  scope: supercluster
""",
    "region": """\
  # Independent regions: each has its own JetStream, because each has its own system account (a JetStream
  # domain alone does not separate regions over gateways). Each boots alone first, and joins then.
  scope: region
""",
}
_FIRST = {
    "supercluster": """\
# seed: the one region that may hold streams. empty: every other; it never ran JetStream by itself.
joins: seed
""",
    "region": """\
# The account this region's JetStream lives under. "$SYS", the server's default, is right for a region that may
# hold streams already; every other region takes its own before its first stream.
systemAccount: $SYS
""",
}
_LATER = {
    "supercluster": """\
# empty: this region never ran JetStream by itself. Only the seed may hold streams when it joins.
joins: empty
""",
    "region": """\
# The account this region's JetStream lives under; its own before its first stream, and never changed after. A
# region that holds streams keeps the one it has ("$SYS" is the server's default).
systemAccount: SYS-{region}
""",
}


def supercluster_file(name: str, scope: str) -> str:
    """The text of supercluster.yaml."""
    if scope not in _SCOPES:
        raise NatsvaluesError(
            "NV-S003",
            f"`{scope}` is no JetStream scope" if scope else "the JetStream scope must be decided",
            hint="--scope supercluster: one JetStream across the regions; --scope region: one for each",
        )
    return f"""\
# What all regions have in common. `natsvalues schema` prints the schema of these files for editors.
kind: Supercluster
name: {_name(name)}

jetstream:
{_SCOPES[scope]}
gateway:
  # The port that other regions dial on a region's load balancer.
  port: 7222
  # tls: {{secret: nats-gateway-tls, verify: true, ca: {{key: ca.crt}}}}
  # authorization: {{user: gateway, password: {{secret: nats-gateway, key: password}}}}

# Annotations for external-dns, from each region's gateway host.
dns:
  ttl: 60
"""


def region_file(region: str, scope: str, *, first: bool) -> str:
    """The text of a region's file; the first region is written as one that may hold streams already."""
    return f"""\
# One region. Its remote gateways are computed from the other regions' files.
kind: Region
name: {_name(region)}
servers: 3

# local: no gateway. expose: gateway and load balancer, nobody dialled. join: part of the supercluster.
stage: local

{(_FIRST if first else _LATER)[scope].format(region=region)}
# A server name is a JetStream identity, so choose once: "" if this region may hold streams under its pod names
# already, a prefix of its own (such as {region}-) if it is new. No two regions may have the same server names.
serverNames:
  prefix: {'""' if first else region + "-"}

gateway:
  # The load balancer's DNS name, as other regions reach it; no scheme, no port.
  host: nats-gw-{region}.example.com

loadBalancer:
  # `natsvalues providers` lists them; `generic` takes your own annotations as they are.
  provider: generic
"""


def _name(text: str) -> str:
    if not re.fullmatch(Name.pattern, text):
        raise NatsvaluesError("NV-S004", f"`{text}` is not {Name.meaning}")
    return written(text)
