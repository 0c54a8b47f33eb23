"""What people write in `charts/overlays/`: one Supercluster, and one Region for each region.

These classes are the single description of the files: the reader, the JSON Schema and the reference page are
made from them. They hold what was written; what follows from several files together is in `supercluster`.
"""

from typing import Annotated, Any, Literal, NamedTuple

from natsvalues.providers.load_balancer import LoadBalancer
from natsvalues.text.reading import Between, Doc, Matches

Name = Matches(r"[A-Za-z0-9][A-Za-z0-9_-]*", "a name of letters, digits, - and _")
Account = Matches(r"\$SYS|[A-Za-z0-9][A-Za-z0-9_-]*", "an account name of letters, digits, - and _, or $SYS")
Variable = Matches(r"[A-Za-z_][A-Za-z0-9_]*", "a variable name of letters, digits and _")
Port = Between(1, 65535)
PROBE = Matches(r"auto|keep|/\S*", "auto, keep, or a path that begins with /")


class KeyRef(NamedTuple):
    """A value kept outside the overlay: a key of a Secret, or a variable the container already has."""

    secret: Annotated[str | None, Doc("Name of the Secret in the region's namespace.")] = None
    key: Annotated[str | None, Doc("Key inside the Secret.")] = None
    variable: Annotated[str | None, Variable, Doc("Environment variable of the nats container.")] = None


class CertificateAuthority(NamedTuple):
    """Where the certificate authority of the gateways is."""

    secret: Annotated[str | None, Doc("Secret that holds it; left out: the gateway's own TLS Secret.")] = None
    key: Annotated[str, Doc("Key inside the Secret.")] = "ca.crt"


class Tls(NamedTuple):
    """TLS between gateways. Certificates are mounted from Secrets, never written here."""

    secret: Annotated[str, Doc("kubernetes.io/tls Secret with the gateway's certificate and key.")]
    cert: Annotated[str, Doc("Key of the certificate inside the Secret.")] = "tls.crt"
    key: Annotated[str, Doc("Key of the private key inside the Secret.")] = "tls.key"
    verify: Annotated[bool, Doc("Demand and check the certificate of the other side.")] = True
    ca: Annotated[CertificateAuthority | None, Doc("Certificate authority; left out: the system's.")] = None
    timeout: Annotated[int | None, Between(1, 300), Doc("Seconds a handshake may take.")] = None


class Authorization(NamedTuple):
    """User and password every gateway presents and expects; the same in all regions."""

    user: Annotated[
        str,
        Matches(r"[A-Za-z][A-Za-z0-9_-]*", "a user name of letters, digits, - and _"),
        Doc("User name (no secret)."),
    ]
    password: Annotated[KeyRef, Doc("Where the password is; never the password itself.")]


class Gateway(NamedTuple):
    """The supercluster's gateways."""

    port: Annotated[int, Port, Doc("Port that other regions dial, on the load balancer.")] = 7222
    reject_unknown_cluster: Annotated[
        bool,
        Doc("Refuse a cluster that is not in these overlays: one that joins by gossip could erase streams."),
    ] = True
    tls: Annotated[Tls | None, Doc("TLS between gateways.")] = None
    authorization: Annotated[Authorization | None, Doc("User and password between gateways.")] = None


class JetStream(NamedTuple):
    """Whether the regions share one JetStream; a deliberate decision, so there is no default."""

    scope: Annotated[
        Literal["supercluster", "region"],
        Doc("`supercluster`: one meta group across all regions. `region`: each region on its own."),
    ]
    domain: Annotated[str | None, Name, Doc("One JetStream domain for all regions; only in scope supercluster.")] = None


class Dns(NamedTuple):
    """Annotations for external-dns, so that the gateway's host name follows the load balancer."""

    enabled: Annotated[bool, Doc("Write them (only when the gateway host is a name).")] = True
    ttl: Annotated[int | None, Between(1, 2147483647), Doc("Time to live in seconds.")] = None
    prefixes: Annotated[
        tuple[str, ...],
        Doc("Annotation prefixes: external-dns up to 0.21 reads the first, from 0.22 only the second."),
    ] = ("external-dns.alpha.kubernetes.io/", "external-dns.kubernetes.io/")


class Probes(NamedTuple):
    """Paths of the nats container's HTTP probes: `auto` (leader-free), `keep`, or a path."""

    startup: Annotated[str, PROBE, Doc("The probe that deadlocks a cold start when it waits for a leader.")] = "auto"
    readiness: Annotated[str, PROBE, Doc("Readiness for clients.")] = "auto"
    liveness: Annotated[str, PROBE, Doc("Liveness.")] = "auto"


class Ignore(NamedTuple):
    """One lint rule that does not count here, and why."""

    rule: Annotated[str, Doc("Id or name of the rule, such as LB004 or no-gateway-service.")]
    reason: Annotated[str, Matches(r"[\s\S]*\S[\s\S]*", "a reason"), Doc("Why it does not count; reports show it.")]


class Lint(NamedTuple):
    """What `natsvalues lint` does with its findings; it changes nothing that is rendered."""

    ignore: Annotated[tuple[Ignore, ...], Doc("Rules that do not count.")] = ()
    severity: Annotated[dict[str, str] | None, Doc("Severity by rule: error, warning or note.")] = None


class Supercluster(NamedTuple):
    """The file `supercluster.yaml`: what all regions have in common."""

    kind: Annotated[Literal["Supercluster"], Doc("Always `Supercluster`.")]
    name: Annotated[str, Name, Doc("Name of the supercluster, for reports and stamps.")]
    jetstream: Annotated[JetStream, Doc("The decision on JetStream across regions.")]
    gateway: Annotated[Gateway, Doc("Gateway settings common to all regions.")] = Gateway()
    load_balancer: Annotated[LoadBalancer, Doc("Defaults for every region's load balancer.")] = LoadBalancer()
    probes: Annotated[Probes, Doc("Probe paths of every region.")] = Probes()
    dns: Annotated[Dns, Doc("DNS annotations of every region.")] = Dns()
    lint: Annotated[Lint, Doc("Lint rules, for every region.")] = Lint()


class NatsSelector(NamedTuple):
    """Which NATS of a release this region means, and its version where the image does not tell."""

    name: Annotated[str | None, Doc("Name of the StatefulSet, such as `plat-bus`.")] = None
    namespace: Annotated[str | None, Doc("Namespace the rendering gives the StatefulSet.")] = None
    version: Annotated[
        str | None,
        Matches(r"\d+\.\d+(\.\d+)?", "a version such as 2.14.2"),
        Doc("nats-server version, when the image tag does not say it."),
    ] = None


class ServerNames(NamedTuple):
    """Server names are `PREFIX` and the pod's name. A server name is a JetStream identity: choose once."""

    prefix: Annotated[
        str,
        Matches(r"[A-Za-z0-9_-]*", "a prefix of letters, digits, - and _"),
        Doc('Empty (`""`) for the region that already holds streams under its pod names; its own elsewhere.'),
    ]


class RegionGateway(NamedTuple):
    """How other regions reach this region's gateway."""

    host: Annotated[str, Doc("DNS name or address of the load balancer, without scheme and port.")]
    port: Annotated[int | None, Port, Doc("Port on the load balancer; left out: the supercluster's.")] = None


class PatchTarget(NamedTuple):
    """The object a patch changes, or a path inside the server's configuration file."""

    kind: Annotated[str | None, Doc("Kind of the object.")] = None
    name: Annotated[str | None, Doc("Name of the object; may be left out where there is one of the kind.")] = None
    namespace: Annotated[str | None, Doc("Namespace the rendering gives the object.")] = None
    file: Annotated[str | None, Doc("`nats.conf`: the operations' paths are inside the server's configuration.")] = None


class UserPatch(NamedTuple):
    """RFC 6902 operations of your own, applied after natsvalues' edits."""

    target: Annotated[PatchTarget, Doc("What to change.")]
    ops: Annotated[tuple[dict[str, Any], ...], Doc("Operations: op, path, and value or from.")]
    why: Annotated[str | None, Doc("The reason; `explain` shows it.")] = None


class Region(NamedTuple):
    """One file for each region: where it is, how it is reached, and how far it has come."""

    kind: Annotated[Literal["Region"], Doc("Always `Region`.")]
    name: Annotated[str, Name, Doc("The region's name: its cluster name and its gateway name.")]
    stage: Annotated[
        Literal["local", "expose", "join"],
        Doc("`local`: no gateway. `expose`: gateway and load balancer, no remotes. `join`: remotes too."),
    ]
    gateway: Annotated[RegionGateway, Doc("How other regions reach this one.")]
    servers: Annotated[int | None, Between(1, 99), Doc("Number of servers; must agree with the rendering.")] = None
    joins: Annotated[
        Literal["seed", "empty"] | None,
        Doc("Scope supercluster: `seed`, the one region that may hold streams, or `empty`."),
    ] = None
    server_names: Annotated[
        ServerNames | None, Doc("Must be stated where JetStream is on; otherwise the prefix is `REGION-`.")
    ] = None
    system_account: Annotated[
        str | None,
        Account,
        Doc("Scope region, must be stated: the account this region's JetStream lives under; `$SYS` is the default."),
    ] = None
    domain: Annotated[
        str | None, Name, Doc("Scope region: JetStream domain; left out: the rendering's, else the region's name.")
    ] = None
    load_balancer: Annotated[LoadBalancer, Doc("This region's load balancer.")] = LoadBalancer()
    probes: Annotated[Probes | None, Doc("Probe paths, instead of the supercluster's.")] = None
    dns: Annotated[Dns | None, Doc("DNS annotations, instead of the supercluster's.")] = None
    nats: Annotated[NatsSelector, Doc("Which NATS, in a release with several.")] = NatsSelector()
    patches: Annotated[tuple[UserPatch, ...], Doc("Your own changes, applied last.")] = ()
    lint: Annotated[Lint, Doc("Lint rules, for this region.")] = Lint()
