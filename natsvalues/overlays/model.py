"""The overlay files in `charts/overlays/`: one Supercluster, and one Region for each region.

These classes are the single description of the files: the reader, the JSON Schema and the reference page are
made from them. They hold the fields as written; `plan` combines several files.
"""

from typing import Annotated, Any, Literal

from natsvalues.providers.load_balancer import LoadBalancer
from natsvalues.records import NamedTuple
from natsvalues.text.reading import Between, Doc, Matches

Name = Matches(r"[A-Za-z0-9][A-Za-z0-9_-]*", "a name of letters, digits, - and _")
Account = Matches(r"\$SYS|[A-Za-z0-9][A-Za-z0-9_-]*", "an account name of letters, digits, - and _, or $SYS")
Variable = Matches(r"[A-Za-z_][A-Za-z0-9_]*", "a variable name of letters, digits and _")
Port = Between(1, 65535)
SYNC = Matches(r"always|(?:[1-9][0-9]*(?:ms|s|m|h))+", "always, or a duration such as 10s")
PROBE = Matches(r"auto|keep|/\S*", "auto, keep, or a path that begins with /")


class KeyRef(NamedTuple):
    """A value kept outside the overlay: a key of a Secret, or a variable the container already has."""

    secret: Annotated[str | None, Doc("Name of the Secret in the region's namespace.")] = None
    key: Annotated[str | None, Doc("Key inside the Secret.")] = None
    variable: Annotated[str | None, Variable, Doc("Environment variable of the nats container.")] = None


class CertificateAuthority(NamedTuple):
    """The Secret with the certificate authority of the gateways."""

    secret: Annotated[str | None, Doc("Secret with it; the default is the gateway's own TLS Secret.")] = None
    key: Annotated[str, Doc("Key inside the Secret.")] = "ca.crt"


class Tls(NamedTuple):
    """TLS between gateways. Certificates are mounted from Secrets, never written here."""

    secret: Annotated[str, Doc("kubernetes.io/tls Secret with the gateway's certificate and key.")]
    cert: Annotated[str, Doc("Key of the certificate inside the Secret.")] = "tls.crt"
    key: Annotated[str, Doc("Key of the private key inside the Secret.")] = "tls.key"
    verify: Annotated[bool, Doc("Require and verify the certificate of the other side.")] = True
    ca: Annotated[CertificateAuthority | None, Doc("Certificate authority; the default is the system's.")] = None
    timeout: Annotated[int | None, Between(1, 300), Doc("Timeout of a handshake in seconds.")] = None


class Authorization(NamedTuple):
    """User and password that every gateway sends and requires; the same in all regions."""

    user: Annotated[
        str,
        Matches(r"[A-Za-z][A-Za-z0-9_-]*", "a user name of letters, digits, - and _"),
        Doc("User name (not a secret)."),
    ]
    password: Annotated[KeyRef, Doc("The source of the password; never the password itself.")]


class Gateway(NamedTuple):
    """The supercluster's gateways."""

    port: Annotated[int, Port, Doc("Port that other regions dial, on the load balancer.")] = 7222
    reject_unknown_cluster: Annotated[
        bool,
        Doc("Reject clusters that are not in these overlays: one that joins by gossip could erase streams."),
    ] = True
    tls: Annotated[Tls | None, Doc("TLS between gateways.")] = None
    authorization: Annotated[Authorization | None, Doc("User and password between gateways.")] = None


class JetStream(NamedTuple):
    """Whether the regions share one JetStream; there is no default, because it decides where streams live."""

    scope: Annotated[
        Literal["supercluster", "region"],
        Doc("`supercluster`: one meta group across all regions. `region`: one meta group in each region."),
    ]
    domain: Annotated[str | None, Name, Doc("One JetStream domain for all regions; only in scope supercluster.")] = None
    sync: Annotated[
        str | None,
        SYNC,
        Doc(
            "When messages are written to the disks: `always`, before they are acknowledged, or a duration; the "
            "default is the rendering's `sync_interval`, else the server's, `2m`."
        ),
    ] = None


class Dns(NamedTuple):
    """Annotations for external-dns, so that the gateway's host name follows the load balancer."""

    enabled: Annotated[bool, Doc("Write the annotations (only when the gateway host is a DNS name).")] = True
    ttl: Annotated[int | None, Between(1, 2147483647), Doc("Time to live in seconds.")] = None
    prefixes: Annotated[
        tuple[str, ...],
        Doc("Annotation prefixes: external-dns up to 0.21 reads the first, from 0.22 only the second."),
    ] = ("external-dns.alpha.kubernetes.io/", "external-dns.kubernetes.io/")


class Probes(NamedTuple):
    """Paths of the nats container's HTTP probes: `auto` (leader-free), `keep`, or a path."""

    startup: Annotated[str, PROBE, Doc("Startup probe; a cold start deadlocks when it waits for a meta leader.")] = (
        "auto"
    )
    readiness: Annotated[str, PROBE, Doc("Readiness probe, which decides whether clients are sent to the pod.")] = (
        "auto"
    )
    liveness: Annotated[str, PROBE, Doc("Liveness probe.")] = "auto"


class Ignore(NamedTuple):
    """A lint rule to ignore here, and why."""

    rule: Annotated[str, Doc("Id or name of the rule, such as LB004 or no-gateway-service.")]
    reason: Annotated[str, Matches(r"[\s\S]*\S[\s\S]*", "a reason"), Doc("Why it is ignored; reports show it.")]


class Lint(NamedTuple):
    """Settings of `natsvalues lint`; they do not change what is rendered."""

    ignore: Annotated[tuple[Ignore, ...], Doc("Rules to ignore.")] = ()
    severity: Annotated[dict[str, str] | None, Doc("Severity by rule: error, warning or note.")] = None


class Supercluster(NamedTuple):
    """The file `supercluster.yaml`: what all regions have in common."""

    kind: Annotated[Literal["Supercluster"], Doc("Always `Supercluster`.")]
    name: Annotated[str, Name, Doc("Name of the supercluster, for reports and stamps.")]
    jetstream: Annotated[JetStream, Doc("Whether the regions share JetStream.")]
    gateway: Annotated[Gateway, Doc("Gateway settings common to all regions.")] = Gateway()
    load_balancer: Annotated[LoadBalancer, Doc("Defaults for every region's load balancer.")] = LoadBalancer()
    probes: Annotated[Probes, Doc("Probe paths of every region.")] = Probes()
    dns: Annotated[Dns, Doc("DNS annotations of every region.")] = Dns()
    lint: Annotated[Lint, Doc("Lint rules, for every region.")] = Lint()


class NatsSelector(NamedTuple):
    """Which NATS of a release belongs to this region, and its version if the image tag has none."""

    name: Annotated[str | None, Doc("Name of the StatefulSet, such as `plat-bus`.")] = None
    namespace: Annotated[str | None, Doc("Namespace of the StatefulSet in the rendering.")] = None
    version: Annotated[
        str | None,
        Matches(r"\d+\.\d+(\.\d+)?", "a version such as 2.14.2"),
        Doc("nats-server version, if the image tag has none."),
    ] = None


class ServerNames(NamedTuple):
    """A server's name is the prefix and the pod's name. It identifies the server in JetStream: never change it."""

    prefix: Annotated[
        str,
        Matches(r"[A-Za-z0-9_-]*", "a prefix of letters, digits, - and _"),
        Doc('Empty (`""`) for the region that already has streams under its pod names; unique for every other region.'),
    ]


class RegionGateway(NamedTuple):
    """How other regions reach this region's gateway."""

    host: Annotated[str, Doc("DNS name or address of the load balancer, without scheme and port.")]
    port: Annotated[int | None, Port, Doc("Port on the load balancer; the default is the supercluster's.")] = None


class PatchTarget(NamedTuple):
    """The object a patch changes, or a path inside the server's configuration file."""

    kind: Annotated[str | None, Doc("Kind of the object.")] = None
    name: Annotated[str | None, Doc("Name of the object; optional if there is only one of the kind.")] = None
    namespace: Annotated[str | None, Doc("Namespace of the object in the rendering.")] = None
    file: Annotated[str | None, Doc("`nats.conf`: the operations' paths are inside the server's configuration.")] = None


class UserPatch(NamedTuple):
    """Your own RFC 6902 operations, applied after natsvalues' edits."""

    target: Annotated[PatchTarget, Doc("What to change.")]
    ops: Annotated[tuple[dict[str, Any], ...], Doc("Operations: op, path, and value or from.")]
    why: Annotated[str | None, Doc("The reason; `explain` shows it.")] = None


class AccountFolder(NamedTuple):
    """Rename the folder of the old system account in each server's store, before the server starts."""

    old: Annotated[str, Account, Doc("The system account that the region had until now.")]
    image: Annotated[
        str | None, Doc("Image with a shell for it; the default is the server's, if its tag says `alpine`.")
    ] = None


class Move(NamedTuple):
    """Settings for the time of a move only: `natsvalues plan` names each, and what is stated above is where it ends."""

    stage: Annotated[
        Literal["local", "expose", "join"] | None, Doc("The stage for now, instead of the region's `stage`.")
    ] = None
    servers: Annotated[int | None, Between(1, 99), Doc("The number of servers for now, while a region gets fewer.")] = (
        None
    )
    partition: Annotated[
        int | None, Between(0, 99), Doc("Replace only the pods from this ordinal on (`rollingUpdate.partition`).")
    ] = None
    system_account: Annotated[
        str | None, Account, Doc("Scope region: the system account for now, while servers are renamed.")
    ] = None
    account_folder: Annotated[AccountFolder | None, Doc("Keep what JetStream stored under another system account.")] = (
        None
    )
    allow: Annotated[
        tuple[Literal["server-names", "system-account", "join-with-state", "store"], ...],
        Doc("Losses that are expected in this step, as in `--allow`."),
    ] = ()


class Region(NamedTuple):
    """One file for each region: its gateway address, its load balancer, and its stage."""

    kind: Annotated[Literal["Region"], Doc("Always `Region`.")]
    name: Annotated[str, Name, Doc("The region's name: its cluster name and its gateway name.")]
    stage: Annotated[
        Literal["local", "expose", "join"],
        Doc("`local`: no gateway. `expose`: gateway and load balancer, no remotes. `join`: remotes too."),
    ]
    gateway: Annotated[RegionGateway, Doc("How other regions reach this one.")]
    servers: Annotated[
        int | None, Between(1, 99), Doc("Number of servers; must equal the replicas in the rendering.")
    ] = None
    joins: Annotated[
        Literal["seed", "empty"] | None,
        Doc("Scope supercluster: `seed`, the one region that may have streams before the regions join, or `empty`."),
    ] = None
    server_names: Annotated[
        ServerNames | None, Doc("Required if JetStream is on; otherwise the prefix is `REGION-`.")
    ] = None
    system_account: Annotated[
        str | None,
        Account,
        Doc("Required in scope region: the system account of this region's JetStream; the server's default is `$SYS`."),
    ] = None
    domain: Annotated[
        str | None, Name, Doc("Scope region: JetStream domain; the default is the rendering's, else the region's name.")
    ] = None
    sync: Annotated[
        str | None, SYNC, Doc("When messages are written to the disks, instead of the supercluster's `jetstream.sync`.")
    ] = None
    load_balancer: Annotated[LoadBalancer, Doc("This region's load balancer.")] = LoadBalancer()
    probes: Annotated[Probes | None, Doc("Probe paths, instead of the supercluster's.")] = None
    dns: Annotated[Dns | None, Doc("DNS annotations, instead of the supercluster's.")] = None
    nats: Annotated[NatsSelector, Doc("Which NATS belongs to the region, in a release with several.")] = NatsSelector()
    patches: Annotated[tuple[UserPatch, ...], Doc("Your own patches, applied last.")] = ()
    lint: Annotated[Lint, Doc("Lint rules, for this region.")] = Lint()
    move: Annotated[Move | None, Doc("Settings for the time of a move, as `natsvalues plan` names them.")] = None
