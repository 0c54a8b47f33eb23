"""Between Helm, natsvalues and the servers: incomplete renderings, and files that mean something else."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from natsvalues.files import STANDARD_INPUT
from natsvalues.lint.rule import Fix, Problem, rule
from natsvalues.manifests.chart import INSTANCE_LABEL
from natsvalues.manifests.size import LIMIT, WORTH_MEASURING, stored_size
from natsvalues.manifests.stamps import OVERLAY_DIGEST, RESTART_DIGEST
from natsvalues.overlays.server_conf import REFUSED
from natsvalues.text.paths import Op

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.errors import Where
    from natsvalues.lint.subject import Cluster, Subject


@rule(
    "HS001",
    "not-stamped",
    "error",
    "supercluster",
    why="Helm runs a post-renderer only with the flag --post-renderer. One upgrade without it reverts every edit, and "
    "rollback, kustomize without --enable-exec and `helm template --output-dir` of Helm 3 leave it out silently.",
    source="run on helm 3.19.0 and 4.3.1 and kustomize 5.8.2",
    remedy="Installed like this, the region lacks every edit of its overlay: pass --post-renderer natsvalues "
    "in every install and upgrade; as a KRM function natsvalues needs kustomize's --enable-alpha-plugins and "
    "--enable-exec. If it is yet to be post-rendered, lint what that gives: with the command in the message, or with "
    "`natsvalues lint --chart CHART -f FILE --region REGION`.",
    fails="eu-west: {untouched: true}",
    passes="eu-west: {conf: {debug: false}}",
)
def not_stamped(subject: Subject) -> Iterator[Problem]:
    """A region that natsvalues manages was rendered without natsvalues."""
    others = [cluster.region for cluster in subject.clusters if cluster.is_stamped]
    ours = {id(cluster.release) for cluster in subject.clusters if cluster.is_stamped}
    for cluster in subject.clusters:
        if cluster.is_stamped or (cluster.plan is None and (not others or id(cluster.release) in ours)):
            continue  # a second NATS of a stamped release is not a region
        expected = f"as {cluster.plan.positions.file} expects" if cluster.plan is not None else f"as `{others[0]}` was"
        statefulset = cluster.nats.statefulset
        where = (cluster.at(statefulset, "metadata", "annotations"),)
        message = (
            f"`{statefulset.key}` was not rendered through natsvalues, {expected}: it is the chart's own rendering"
            f"{_post_rendered(cluster, subject)}"
        )
        yield Problem(message, where, (cluster.region,))


def _post_rendered(cluster: Cluster, subject: Subject) -> str:
    """The command that post-renders a rendering and lints the result; none for what is installed already."""
    if not _is_file(cluster) and cluster.release.file != STANDARD_INPUT:
        return ""
    folder = shlex.quote(subject.overlays.folder) if subject.overlays is not None else ""
    words = f"natsvalues post-render --region {cluster.region}{f' --overlays {folder}' if folder else ''}"
    given = f"{words} <{shlex.quote(cluster.release.file)}" if _is_file(cluster) else f"… | {words}"
    return f"; to lint what post-rendering gives: {given} | natsvalues lint - {folder}".rstrip()


def _is_file(cluster: Cluster) -> bool:
    return cluster.release.file.endswith((".yaml", ".yml"))


@rule(
    "HS002",
    "stale-render",
    "warning",
    why="What is deployed differs from the overlays; for example, the address of another region may have changed.",
    source="natsvalues stamps the digest of the effective overlay on what it touches",
    remedy="Render the region again, with the command that wrote the file. Its remotes are part of the digest: a "
    "change in one region's file counts in all regions.",
    fails="statefulSet: {metadata: {annotations: {natsvalues.io/overlay-digest: '000000000000'}}}",
    passes="overlay: {lint: {severity: {GW010: warning}}}",
)
def stale_render(cluster: Cluster) -> Iterator[Problem]:
    """The rendering was made from other overlays than these."""
    stamp = cluster.nats.statefulset.annotations.get(OVERLAY_DIGEST)
    if cluster.plan is not None and stamp is not None and str(stamp) != cluster.plan.digest:
        where = (cluster.at(cluster.nats.statefulset, "metadata", "annotations", OVERLAY_DIGEST),)
        message = f"rendered from overlay {stamp}, and `{cluster.plan.positions.file}` is now {cluster.plan.digest}"
        file = cluster.release.file
        if _is_file(cluster):
            message += f"; render it again: {_command(cluster, cluster.region, file)}"
        yield Problem(message, where, (cluster.region,))


def _command(cluster: Cluster, region: str, file: str) -> str:
    """The command that renders a region into a file, as far as a rendering of this or another region shows it."""
    name = str(cluster.nats.pod_labels.get(INSTANCE_LABEL) or "RELEASE")
    namespace = cluster.nats.statefulset.key.namespace or "NAMESPACE"
    return (
        f"helm template {shlex.quote(name)} CHART -n {shlex.quote(namespace)} -f VALUES | "
        f"natsvalues post-render --region {region} >{shlex.quote(file)}"
    )


@rule(
    "HS003",
    "pods-do-not-roll",
    "warning",
    why="Gateway settings never reload: the chart's reloader signals the server, the server refuses the whole file, "
    "and Kubernetes shows no error. Without a checksum annotation the pods keep the old settings.",
    source="run on nats-server 2.12.8 and 2.14.6; read in server/reload.go",
    remedy="Set podTemplate.configChecksumAnnotation: true, or render through natsvalues, which restarts pods only "
    "when a setting needs it.",
    fails="""\
statefulSet:
  spec:
    template: {metadata: {annotations: null}}""",
    passes="""\
statefulSet:
  spec:
    template: {metadata: {annotations: {checksum/config: 0a}}}""",
)
def pods_do_not_roll(cluster: Cluster) -> Iterator[Problem]:
    """Nothing restarts the pods when a gateway setting changes."""
    metadata = cluster.nats.statefulset.value["spec"]["template"].get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    keys = annotations if isinstance(annotations, dict) else {}
    rolls = RESTART_DIGEST in keys or any(key.startswith("checksum/") for key in keys)
    if cluster.has_gateway and not rolls:
        where = (cluster.at(cluster.nats.statefulset, "spec", "template", "metadata", "annotations"),)
        yield Problem("the pods have no checksum of nats.conf", where, (cluster.region,))


@rule(
    "HS004",
    "config-means-something-else",
    "error",
    needs="configuration",
    why="The server accepts the file, but reads other settings than those written.",
    source="compared with the server's own parser (conf, 2.14.2)",
    remedy="Correct the setting in the chart's values.",
    fails='text: {old: \'"pid_file": "/var/run/nats/nats.pid"\', new: \'"max_payload": 5kbi, "pid_file": "/x"\'}',
    passes='text: {old: \'"pid_file": "/var/run/nats/nats.pid"\', new: \'"pid_file": "/run/nats/nats.pid"\'}',
)
def config_means_other(cluster: Cluster) -> Iterator[Problem]:
    """The server reads a part of nats.conf differently from what it seems to say."""
    yield from _misread(cluster, errors=True)


@rule(
    "HS005",
    "config-is-doubtful",
    "warning",
    needs="configuration",
    why="The server accepts the file, but the value is hardly the intended one.",
    source="compared with the server's own parser (conf, 2.14.2)",
    remedy="Correct the setting in the chart's values.",
    fails='text: {old: \'"pid_file": "/var/run/nats/nats.pid"\', new: \'"max_payload": 16Ei, "pid_file": "/x"\'}',
    passes='text: {old: \'"pid_file": "/var/run/nats/nats.pid"\', new: \'"max_payload": 16Mi, "pid_file": "/x"\'}',
)
def config_is_doubtful(cluster: Cluster) -> Iterator[Problem]:
    """nats.conf has a value that overflows or changes its kind."""
    yield from _misread(cluster, errors=False)


def _misread(cluster: Cluster, *, errors: bool) -> Iterator[Problem]:
    for at, conf in cluster.readings():
        for offset, message in conf.findings:
            if (message in REFUSED) == errors:
                line = (at.line or 1) + conf.text.count("\n", 0, offset)
                yield Problem(message, (at._replace(line=line, column=None),), (cluster.region,))


@rule(
    "HS006",
    "release-too-large",
    "warning",
    "cluster",
    why="Helm keeps manifests, chart and values of a release in one Secret, and a Secret holds 1 MiB.",
    source="run on helm 3.19.0; Kubernetes, Secrets",
    remedy="Split the umbrella release, or keep large files out of the chart.",
    fails="fill: 1100000",
    passes="fill: 1000",
)
def release_too_large(cluster: Cluster) -> Iterator[Problem]:
    """The release may not fit into the Secret that Helm stores it in."""
    release = cluster.release
    if sum(len(chunk.text) for chunk in release.chunks) < WORTH_MEASURING:
        return
    size = stored_size(release.pieces())
    if size > LIMIT * 6 // 10:
        message = f"the manifests take {min(size, LIMIT) // 1024} KiB of 1 MiB"
        yield Problem(message, (release.where(1),), (cluster.region,))


@rule(
    "HS007",
    "servers-differ",
    "warning",
    why="With a load balancer for each pod the other regions list one url for each server of the overlay.",
    source="natsvalues warns of it when it renders",
    remedy="Set servers in the overlay to the rendered number (--fix does), or change config.cluster.replicas.",
    fails="overlay: {servers: 5}",
    passes="overlay: {servers: 3}",
    fixable=True,
)
def servers_differ(cluster: Cluster) -> Iterator[Problem]:
    """The overlay states another number of servers than the rendering has."""
    plan = cluster.plan
    stated = plan.region.servers if plan is not None else None
    if plan is None or stated is None or stated == cluster.replicas:
        return
    where = (plan.positions.where("servers"), cluster.at(cluster.nats.statefulset, "spec", "replicas"))
    fix = Fix(
        f"set servers to {cluster.replicas}",
        plan.positions.file,
        plan.positions.lines.get((), 1),
        (Op("replace", ("servers",), cluster.replicas),),
    )
    message = f"the overlay says {stated} servers, the rendering has {cluster.replicas}"
    yield Problem(message, where, (cluster.region,), fix)


@rule(
    "HS008",
    "server-version-unknown",
    "warning",
    why="Which health checks need no leader depends on the version, so a version before 2.11 is assumed.",
    source="run on nats-server 2.10.26 to 2.15.1",
    remedy="Use an image tag with the version, or set nats.version in the region's overlay.",
    fails="container: {image: nats:alpine}",
    passes="container: {image: nats:2.14.2-alpine}",
)
def server_version_unknown(cluster: Cluster) -> Iterator[Problem]:
    """The image does not show the server's version."""
    if not cluster.version.known:
        where = (cluster.at_container("image"),)
        yield Problem(f"`{cluster.container.get('image')}` shows no version", where, (cluster.region,))


@rule(
    "HS009",
    "list-with-anchors",
    "warning",
    why="With any post-renderer Helm 4 fails on a List whose items share YAML anchors.",
    source="run on helm 4.3.1; helm issue 32203",
    versions="Helm 4",
    remedy="Render the items as separate documents.",
    fails="""\
add: |
  apiVersion: v1
  kind: List
  items:
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: &labels {team: bus}}}
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: b, labels: *labels}}""",
    passes="""\
add: |
  apiVersion: v1
  kind: List
  items:
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: {team: bus}}}""",
)
def list_with_anchors(cluster: Cluster) -> Iterator[Problem]:
    """A List in the release has an anchor in one item and its alias in another."""
    release = cluster.release
    for number in release.mentioning("List", "items", "&", "*"):
        manifest = release.manifest(number)
        if manifest is not None and manifest.key.kind.endswith("List") and manifest.tree.shared_ids():
            where: tuple[Where, ...] = (cluster.at(manifest, "items"),)
            yield Problem(f"{manifest.key.kind} with anchors across its items", where, (cluster.region,))


@rule(
    "HS011",
    "missing-render",
    "warning",
    "supercluster",
    why="A folder of renderings is what is deployed: a region that is not among them is not deployed, and the others "
    "already dial it.",
    source="natsvalues lists every region of the overlays in the gateways of the others",
    remedy="Render the region into the folder, or delete its overlay.",
    fails="{only: us-east, folder: rendered}",
    passes="{folder: rendered}",
)
def missing_render(subject: Subject) -> Iterator[Problem]:
    """A folder has renderings of some regions of the overlays, and none of another."""
    rendered = {cluster.region for cluster in subject.clusters}
    for folder in subject.folders[:1]:
        for region, plan in subject.plans.items():
            if region not in rendered:
                command = _command(subject.clusters[0], region, os.path.join(folder, f"{region}.yaml"))
                message = f"`{folder}` has no rendering of region `{region}`; render it: {command}"
                yield Problem(message, (plan.positions.where("name"),), (region,))


RULES = (
    not_stamped,
    stale_render,
    pods_do_not_roll,
    config_means_other,
    config_is_doubtful,
    release_too_large,
    servers_differ,
    server_version_unknown,
    list_with_anchors,
    missing_render,
)
