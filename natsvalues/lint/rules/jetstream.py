"""JetStream across regions: which meta group forms, which region could lose streams, what does not start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.lint.rule import Problem, rule
from natsvalues.lint.rules.configuration import demanded
from natsvalues.manifests.settings import DEFAULT_ACCOUNT
from natsvalues.supercluster.cold_start import MORE_SERVERS, first_boot, never_elects
from natsvalues.supercluster.joining import dialled_alone
from natsvalues.supercluster.losses import KEEP_STORE, KEEP_STREAMS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.lint.subject import Cluster, Subject

ACCOUNT_SOURCE = "run on nats-server 2.10.26, 2.11.4, 2.12.8, 2.14.6 and 2.15.1"


@rule(
    "JS001",
    "domain-per-region",
    "error",
    "supercluster",
    needs="configuration",
    why="Over gateways the meta group follows the system account, whatever the domains are. The regions still elect "
    "one leader together. A region without that leader cannot place streams (error 10005), answers with another "
    "region's domain, and has no leader when it is alone, all with /healthz at 200. A domain for each region is right "
    "over leaf nodes only.",
    source=ACCOUNT_SOURCE,
    remedy="For independent regions give each a system account of its own (jetstream.scope: region in the overlays). "
    "For one JetStream remove the domain, or set the same one in all regions.",
    fails="""\
us-east: {conf: {jetstream: {domain: us}}}
eu-west: {conf: {jetstream: {domain: eu}}}""",
    passes="""\
us-east: {conf: {jetstream: {domain: acme}}}
eu-west: {conf: {jetstream: {domain: acme}}}""",
)
def domain_per_region(subject: Subject) -> Iterator[Problem]:
    """Regions with one system account have different JetStream domains, or a single one has its own name as domain."""
    groups: dict[str, list[Cluster]] = {}
    for cluster in subject.clusters:
        if cluster.has_jetstream and cluster.remotes:
            groups.setdefault(cluster.state.account, []).append(cluster)
    for account, clusters in groups.items():
        domains = {cluster.region: cluster.state.domain for cluster in clusters}
        if len(set(domains.values())) > 1:
            first = next(cluster for cluster in clusters if domains[cluster.region] is not None)
            others = [cluster for cluster in clusters if domains[cluster.region] != domains[first.region]]
            for cluster in others:
                message = (
                    f"`{first.region}` has domain `{domains[first.region]}` and `{cluster.region}` "
                    f"`{domains[cluster.region] or 'none'}`, both with system account `{account}`"
                )
                where = tuple(item.at_conf("jetstream", "domain") for item in (cluster, first))
                yield Problem(message, where, (cluster.region, first.region))
        elif len(subject.clusters) == 1 and _is_named_after(domains[clusters[0].region], clusters[0]):
            cluster = clusters[0]
            shown = f"`{account}`" if account != DEFAULT_ACCOUNT else f"the default system account `{account}`"
            message = f"domain `{domains[cluster.region]}` is this region's own, with {shown}"
            yield Problem(message, (cluster.at_conf("jetstream", "domain"),), (cluster.region,))


def _is_named_after(domain: str | None, cluster: Cluster) -> bool:
    """Whether a domain looks like one region's, so that the others will have another one."""
    if domain is None or cluster.is_stamped or cluster.state.account != DEFAULT_ACCOUNT:
        return False
    name, region = domain.lower(), str(cluster.gateway_name or "").lower()
    if any(name in remote.name.lower() for _, remote in cluster.remotes):
        return False  # a name that all regions share
    return bool(region) and (name in region or region in name)


@rule(
    "JS002",
    "jetstream-before-joining",
    "error",
    "supercluster",
    needs="configuration",
    why="A region that ran JetStream alone, even without a stream, has a meta group of its own. When it joins others "
    "under one system account, one side's streams vanish, on some versions from disk, while every health check "
    "passes.",
    source="run on nats-server 2.10.26, 2.11.4, 2.12.8, 2.14.6 and 2.15.1",
    remedy="Turn JetStream on in the joining region together with its remotes (joins: empty does that), or give it "
    "a system account of its own before its first stream.",
    fails="eu-west: {conf: {gateway: {gateways: null}}}",
    passes="eu-west: {conf: {gateway: {gateways: null}, jetstream: null}}",
)
def jetstream_before_joining(subject: Subject) -> Iterator[Problem]:
    """A region runs JetStream alone, and others that share its system account already dial it."""
    by_state = {cluster.state: cluster for cluster in subject.clusters}
    for alone, dialling in dialled_alone(subject.states):
        cluster, other = by_state[alone], by_state[dialling]
        index = next(index for index, remote in other.remotes if remote.name == cluster.gateway_name)
        where = (cluster.at_conf("jetstream"), other.at_conf("gateway", "gateways", index))
        message = f"JetStream runs alone here under `{alone.account}`, and `{other.region}` already dials this region"
        yield Problem(message, where, (cluster.region, other.region))


@rule(
    "JS003",
    "empty-region-runs-jetstream",
    "error",
    why="Its overlay has joins: empty: the region runs no JetStream until it joins, or it could erase the streams of "
    "the seed.",
    source="run on nats-server 2.12.8 and 2.15.1",
    remedy="Render it through natsvalues, which removes JetStream until the stage is join.",
    fails="""\
eu-west: {overlay: {stage: expose}, conf: {jetstream: {store_dir: /data, max_file_store: 1073741824}}}""",
    passes="eu-west: {overlay: {stage: expose}}",
)
def empty_region_runs_jetstream(cluster: Cluster) -> Iterator[Problem]:
    """A region with joins: empty runs JetStream before it joins."""
    if cluster.plan is not None and cluster.plan.waits_to_join and cluster.has_jetstream:
        message = f"JetStream is on in stage `{cluster.plan.region.stage}`, and the region joins as `empty`"
        where = (cluster.at_conf("jetstream"), cluster.plan.where("joins"))
        yield Problem(message, where, (cluster.region,))


@rule(
    "JS004",
    "jetstream-without-routes",
    "error",
    needs="configuration",
    why="With a gateway, or a port for the cluster, JetStream is clustered, and the server exits with `JetStream "
    "cluster requires configured routes`, while `nats-server -t` reports the file as valid.",
    source="run on nats-server 2.10.26, 2.11.10, 2.12.8, 2.14.6 and 2.15.1",
    remedy=f"Set config.cluster.enabled: true and config.cluster.replicas: 3. {KEEP_STREAMS}",
    fails="conf: {cluster: {routes: null}}",
    passes="conf: {cluster: {routes: [nats://nats-0.nats-headless:6222]}}",
)
def jetstream_without_routes(cluster: Cluster) -> Iterator[Problem]:
    """JetStream is clustered, and the cluster has no routes."""
    if cluster.state.is_clustered and not cluster.state.extends_jetstream and not cluster.routes:
        where = (cluster.at_conf("cluster", "routes"), cluster.at_conf("jetstream"))
        yield Problem("the cluster has no routes", where, (cluster.region,))


@rule(
    "JS005",
    "more-routes-than-servers",
    "error",
    why="The number of routes sets the size of the first meta group; with more routes than servers it never elects a "
    "leader.",
    source="read in server/raft.go; run on nats-server 2.14.6 with too many gateway urls",
    remedy="List one route for each server, as the chart does from config.cluster.replicas.",
    fails="statefulSet: {spec: {replicas: 1}}",
    passes="statefulSet: {spec: {replicas: 3}}",
)
def more_routes_than_servers(cluster: Cluster) -> Iterator[Problem]:
    """A JetStream cluster has more routes than servers."""
    if cluster.has_jetstream and len(cluster.routes) > max(cluster.replicas, 1):
        where = (cluster.at(cluster.nats.statefulset, "spec", "replicas"), cluster.at_conf("cluster", "routes"))
        message = f"{len(cluster.routes)} routes, and {cluster.replicas} servers"
        yield Problem(message, where, (cluster.region,))


@rule(
    "JS006",
    "domain-refused",
    "error",
    needs="configuration",
    why="The server does not start with a domain that has a dot or a wildcard, while `nats-server -t` reports the "
    "file as valid.",
    source="run on nats-server 2.10.26, 2.12.8 and 2.14.6",
    remedy="Use letters, digits, - and _.",
    fails="conf: {jetstream: {domain: eu.west}}",
    passes="conf: {jetstream: {domain: eu-west}}",
)
def domain_refused(cluster: Cluster) -> Iterator[Problem]:
    """The JetStream domain has characters that the server refuses."""
    yield from demanded(cluster, "domain-refused")


@rule(
    "JS008",
    "store-does-not-survive",
    "warning",
    why="Streams on a volume that is deleted with the pod are lost one replica at a time; a server that returns empty "
    "under its old name counts as one that has its data.",
    source="Kubernetes, volumes: emptyDir; a server name is a JetStream identity (run on 2.12.8 and 2.15.1)",
    remedy=KEEP_STORE,
    fails="""\
statefulSet:
  spec:
    volumeClaimTemplates: null
    template: {spec: {volumes: [{name: config, configMap: {name: nats-config}}, {name: pid, emptyDir: {}}]}}""",
    passes="conf: {jetstream: {store_dir: /data}}",
)
def store_does_not_survive(cluster: Cluster) -> Iterator[Problem]:
    """The JetStream store is not on a volume that outlives the pod."""
    if cluster.state.restarts_empty:
        where = (cluster.at_conf("jetstream", "store_dir"), cluster.at_container("volumeMounts"))
        yield Problem(f"`{cluster.state.store_dir}` is not on a persistent volume", where, (cluster.region,))


@rule(
    "JS009",
    "first-boot-counts-remotes",
    "note",
    "supercluster",
    needs="configuration",
    why="A first boot counts the urls of remote gateways as servers. Servers under another system account never vote, "
    "and from 2.12 on servers with empty stores elect a leader only once all counted servers have voted. With data in "
    "their stores the same servers start normally.",
    source="run on nats-server 2.10.26, 2.11.10, 2.12.8, 2.14.6 and 2.15.1; docs/stages.md",
    remedy="Boot the region once without remotes, as the stages local and expose do; ignore this rule afterwards.",
    fails="""\
untouched: true
container: {image: nats:2.14.2-alpine}
conf:
  system_account: SYS-US
  accounts: {SYS-US: {}}
  gateway: {gateways: [{name: eu-west, url: nats://eu.example.com:7222}]}""",
    passes="""\
untouched: true
container: {image: nats:2.14.2-alpine}
conf:
  system_account: SYS-US
  accounts: {SYS-US: {}}
  gateway: {gateways: []}""",
)
def first_boot_counts_remotes(subject: Subject) -> Iterator[Problem]:
    """A region with a system account of its own dials others, and did not go through the stages of natsvalues."""
    for cluster in subject.clusters:
        reason = "" if cluster.is_stamped else first_boot(cluster.state, subject.states)
        if reason:
            yield Problem(reason, (cluster.at_conf("gateway", "gateways"),), (cluster.region,))


@rule(
    "JS012",
    "one-server-never-elects",
    "error",
    "supercluster",
    why="A server that no other one of its meta group reaches never elects a leader, whatever its store holds: the "
    "pod runs, and JetStream never answers.",
    source="run on nats-server 2.10.26, 2.11.10, 2.12.8, 2.14.6 and 2.15.1",
    remedy=MORE_SERVERS,
    fails="""\
untouched: true
statefulSet: {spec: {replicas: 1}}
conf:
  cluster: {routes: ['nats://nats-0.nats-headless:6222']}
  gateway: null""",
    passes="""\
statefulSet: {spec: {replicas: 1}}
conf: {cluster: {routes: ['nats://nats-0.nats-headless:6222']}}""",
)
def one_server_never_elects(subject: Subject) -> Iterator[Problem]:
    """A region has one server in a cluster, and no other region's servers are in its meta group."""
    for cluster in subject.clusters:
        reason = never_elects(cluster.state, subject.states)
        if reason:
            where = (cluster.at(cluster.nats.statefulset, "spec", "replicas"), cluster.at_conf("cluster", "routes"))
            yield Problem(reason, where, (cluster.region,))


RULES = (
    domain_per_region,
    jetstream_before_joining,
    empty_region_runs_jetstream,
    jetstream_without_routes,
    more_routes_than_servers,
    domain_refused,
    store_does_not_survive,
    first_boot_counts_remotes,
    one_server_never_elects,
)
