"""The text of the overlays that `init` writes: small files with comments on every decision that can lose data."""

from __future__ import annotations

import re
from functools import cache

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
  # domain alone does not separate regions over gateways). Each boots alone first, then joins.
  scope: region
""",
}
_FIRST = {
    "supercluster": """\
# seed: the one region that may have streams. empty: every other region; it never ran JetStream by itself.
joins: seed
""",
    "region": """\
# The system account of this region's JetStream. "$SYS", the server's default, is right for a region that may have
# streams already; every other region gets its own before its first stream.
systemAccount: $SYS
""",
}
_LATER = {
    "supercluster": """\
# empty: this region never ran JetStream by itself. Only the seed may have streams when it joins.
joins: empty
""",
    "region": """\
# The system account of this region's JetStream; set it before the first stream, and never change it afterwards. A
# region that has streams keeps its account ("$SYS" is the server's default).
systemAccount: SYS-{region}
""",
}


@cache
def starter_comments() -> frozenset[str]:
    """The comments of these files: words of ours alone, so none can have a secret."""
    texts = [supercluster_file("a", scope) for scope in _SCOPES]
    texts += [region_file("a", scope, first=first) for scope in _SCOPES for first in (True, False)]
    lines = (line.strip() for text in texts for line in text.split("\n"))
    return frozenset(line for line in lines if line.startswith("#"))


def supercluster_file(name: str, scope: str) -> str:
    """The text of supercluster.yaml."""
    if scope not in _SCOPES:
        raise NatsvaluesError(
            "NV-S003",
            f"`{scope}` is not a JetStream scope" if scope else "the JetStream scope is required",
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
    """The text of a region's file; the first region is written as one that may already have streams."""
    return f"""\
# One region. Its remote gateways are computed from the other regions' files.
kind: Region
name: {_name(region)}
servers: 3

# local: no gateway. expose: gateway and load balancer, no remotes. join: connected to the other regions.
stage: local

{(_FIRST if first else _LATER)[scope].format(region=region)}
# A server's name identifies it in JetStream, so do not change it later: "" if this region may already have streams
# under its pod names, its own prefix (such as {region}-) if it is new. No two regions may have the same server names.
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
