"""The settings of a region's load balancer in an overlay: the inputs of every provider profile."""

from typing import Annotated, Literal, get_args

from natsvalues.records import NamedTuple
from natsvalues.text.reading import Doc

Scheme = Literal["internal", "internet-facing"]
TrafficPolicy = Literal["Cluster", "Local"]
CHOICES = {"scheme": get_args(Scheme), "externalTrafficPolicy": get_args(TrafficPolicy)}
"""The fields that have few values with every provider."""


class LoadBalancer(NamedTuple):
    """The gateway's LoadBalancer Service. Set in the Supercluster, a field is the default of every region."""

    provider: Annotated[str | None, Doc("Provider profile; `natsvalues providers` lists them.")] = None
    scheme: Annotated[Scheme | None, Doc("internal: reachable inside the network only.")] = None
    class_: Annotated[str | None, Doc("spec.loadBalancerClass; cannot change on a live Service.")] = None
    source_ranges: Annotated[tuple[str, ...], Doc("CIDR blocks that may connect.")] = ()
    addresses: Annotated[
        tuple[str, ...], Doc("Static addresses, in the provider's form (IP address, name or allocation id).")
    ] = ()
    subnets: Annotated[tuple[str, ...], Doc("Subnets, if the provider accepts them.")] = ()
    annotations: Annotated[dict[str, str] | None, Doc("Extra annotations; they override the profile's.")] = None
    labels: Annotated[dict[str, str] | None, Doc("Extra labels.")] = None
    external_traffic_policy: Annotated[
        TrafficPolicy | None, Doc("spec.externalTrafficPolicy; the default is the profile's.")
    ] = None
    per_pod: Annotated[
        bool | None,
        Doc("One Service for each server instead of one for the region; the host then contains `{pod}`."),
    ] = None
    options: Annotated[dict[str, str] | None, Doc("The provider's own inputs, by the names in its profile.")] = None
