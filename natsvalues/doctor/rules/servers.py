"""What the servers say of themselves: do they answer, what have they loaded, what runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.doctor.live import JSZ, VARZ
from natsvalues.doctor.rules.objects import exit_of
from natsvalues.lint.rule import Problem, rule
from natsvalues.overlays.transforms.stamps import is_stamped
from natsvalues.rehearsal.cluster_objects import is_leaving, is_ready, is_running, server_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.doctor.live_set import LiveSet


@rule(
    "DR201", "server-silent", "error", "live",
    why="The process runs and does not answer on its monitoring port: it hangs, or something keeps requests from it. "
    "Such a server still counts in the meta group, and load balancers may still send to it.",
    source="run on nats-server 2.14.6, stopped with SIGSTOP",
    remedy="Look at its log and its CPU; delete the pod if it hangs. If every server is silent, look at http_port and "
    "at network policies first.",
    fails="us-east: {silent: [nats-1]}",
    passes="us-east: {pages: {nats-1: {/healthz: {status: 503, body: '{}'}}}}",
)  # fmt: skip
def silent(live: LiveSet) -> Iterator[Problem]:
    """A server runs and does not answer."""
    for region in live.regions.values():
        container = server_of(region.rendering)
        for name, pod in region.pods.items():
            pages = region.seen.pages.get(name, {})
            if exit_of(pod, container) and not is_ready(pod):
                continue  # it is between two starts
            if (
                not is_running(pod, container)
                or is_leaving(pod)
                or not pages
                or any(page.status for page in pages.values())
            ):
                continue
            message = f"the server of `{name}` in `{region.name}` does not answer ({pages[VARZ].body})"
            yield Problem(message, (region.at(f"Pod {name}: {VARZ}"),), (region.name,))


@rule(
    "DR202", "stale-configuration", "error", "live",
    why="The server runs with another nats.conf than the ConfigMap has: it was not restarted, or it refused the "
    "reload. Gateway settings never reload, and Kubernetes shows no error.",
    source="config_digest in /varz, computed again from the ConfigMap; run on nats-server 2.11.10 to 2.15.1",
    remedy="Restart the pods one by one (kubectl rollout restart). Right after a change wait two minutes first: the "
    "kubelet brings a changed ConfigMap to the pods with a delay.",
    fails="us-east: {digests: {nats-1: ['sha256:0000']}}",
    passes="us-east: {digests: {nats-1: []}}",
)  # fmt: skip
def stale_configuration(live: LiveSet) -> Iterator[Problem]:
    """A server has loaded another nats.conf than the ConfigMap has now."""
    for region in live.regions.values():
        stale = []
        for name in region.pods:
            process, current = region.process(name), region.seen.digests.get(name)
            if process is not None and current and process.digest and process.digest not in current:
                stale.append((name, process.loaded))
        if stale:
            names = ", ".join(name for name, _ in stale)
            message = (
                f"{names} of `{region.name}` run with another {region.nats.config_key} than ConfigMap "
                f"`{region.nats.config_map.key.name}` has now: loaded {_minute(stale[0][1])}"
            )
            where = tuple(region.at(f"Pod {name}: {VARZ} config_digest") for name, _ in stale)
            yield Problem(message, where, (region.name,))


def _minute(time: str) -> str:
    return f"{time[:10]} {time[11:16]} UTC" if len(time) > 16 else "at an unknown time"  # noqa: PLR2004 - to the minute


@rule(
    "DR203", "ready-without-jetstream", "error", "live",
    why="The configuration has JetStream, and this server runs without it: it is Ready and keeps nothing.",
    source="/jsz `disabled`; run on nats-server 2.12.8 and 2.14.6",
    remedy="See the server's log for why JetStream was disabled (a full disk, a limit), and restart the pod.",
    fails="us-east: {pages: {nats-1: {/jsz: {status: 200, body: '{\"disabled\": true}'}}}}",
    passes="""\
us-east:
  pods: {nats-1: {status: {conditions: [{type: Ready, status: 'False'}]}}}
  pages: {nats-1: {/jsz: {status: 0, body: ''}}}
""",
)  # fmt: skip
def without_jetstream(live: LiveSet) -> Iterator[Problem]:
    """A server is Ready without the JetStream that its configuration has."""
    for region in live.regions.values():
        for name, pod in region.pods.items():
            meta = region.meta(name)
            if region.cluster.has_jetstream and meta is not None and not meta.has_jetstream:
                ready = "is Ready" if is_ready(pod) else "runs"
                message = f"`{name}` of `{region.name}` {ready} without JetStream"
                yield Problem(message, (region.at(f"Pod {name}: {JSZ} disabled"),), (region.name,))


@rule(
    "DR204", "same-name-running", "error", "live",
    why="Connections of gateways and routes from a server whose name is in use are closed, forever, and no meta "
    "leader is elected. What runs decides, not what the configuration says now.",
    source="run on nats-server 2.12.8 and 2.14.6",
    remedy="Give every region but one a serverNamePrefix of its own, before its first stream, and restart its pods. If "
    "it has streams: serverNames.prefix in its overlay, and the steps of `natsvalues plan`, one server at a time.",
    fails="eu-west: {varz: {nats-0: {server_name: us-east-nats-0}}}",
    passes="eu-west: {varz: {nats-0: {server_name: eu-west-nats-9}}}",
)  # fmt: skip
def same_name(live: LiveSet) -> Iterator[Problem]:
    """Two servers that run have the same name, or two regions have the same cluster or gateway name."""
    for what in ("name", "cluster", "gateway"):
        owners: dict[str, tuple[str, str]] = {}
        clashes: dict[tuple[str, ...], list[tuple[str, str, str]]] = {}
        for region in live.regions.values():
            for pod in region.pods:
                process = region.process(pod)
                given = getattr(process, what) if process is not None else ""
                if not given:
                    continue
                first = owners.setdefault(given, (region.name, pod))
                if first != (region.name, pod) and (what == "name" or first[0] != region.name):
                    pair = tuple(dict.fromkeys((first[0], region.name)))
                    clashes.setdefault(pair, []).append((given, first[1], pod))
        for pair, items in clashes.items():
            names = ", ".join(dict.fromkeys(item[0] for item in items))
            kind = {"name": "servers", "cluster": "clusters", "gateway": "gateways"}[what]
            where = tuple(
                live.regions[region].at(f"Pod {pod}: {VARZ} {'server_name' if what == 'name' else f'{what}.name'}")
                for region, pod in ((pair[0], items[0][1]), (pair[-1], items[0][2]))
            )
            message = f"{kind} of `{pair[0]}` and `{pair[-1]}` have the same name: {names}"
            yield Problem(message, where, pair)


@rule(
    "DR205", "versions-differ", "warning", "live",
    why="During a rolling update this is as it should be; if it stays, the update has stopped on its way.",
    source="/varz version",
    remedy="Finish the update, or take it back: `kubectl rollout status` shows where it waits.",
    fails="us-east: {varz: {nats-1: {version: 2.12.8}}}",
    passes="eu-west: {varz: {nats-0: {version: 2.12.8}, nats-1: {version: 2.12.8}, nats-2: {version: 2.12.8}}}",
)  # fmt: skip
def versions(live: LiveSet) -> Iterator[Problem]:
    """The servers of one region have different versions."""
    for region in live.regions.values():
        by_version: dict[str, list[str]] = {}
        for pod in region.pods:
            process = region.process(pod)
            if process is not None:
                by_version.setdefault(process.version, []).append(pod)
        if len(by_version) > 1:
            texts = [f"{version} ({', '.join(pods)})" for version, pods in sorted(by_version.items())]
            where = tuple(region.at(f"Pod {pods[0]}: {VARZ} version") for pods in by_version.values())
            yield Problem(f"the servers of `{region.name}` run {' and '.join(texts)}", where, (region.name,))


@rule(
    "DR207", "configuration-edited", "warning", "live",
    why="Somebody changed the ConfigMap by hand. The next upgrade takes that back, and no review has seen it.",
    source="the ConfigMap compared with the release that Helm keeps",
    remedy="Make the change in the overlays or the values and upgrade; `natsvalues diff --live` shows it.",
    fails="us-east: {revisions: [{revision: 1, status: deployed, stamped: true, edited: true}]}",
    passes="us-east: {revisions: [{revision: 1, status: deployed, stamped: true, edited: false}]}",
)  # fmt: skip
def edited(live: LiveSet) -> Iterator[Problem]:
    """The ConfigMap has another nats.conf than the deployed revision of the release."""
    for region in live.regions.values():
        for item in region.seen.revisions:
            if item.get("edited"):
                config_map = region.nats.config_map.key.name
                message = (
                    f"ConfigMap `{config_map}` of `{region.name}` is not that of deployed revision {item['revision']} "
                    f"of release `{region.seen.release}`"
                )
                where = (region.at(f"ConfigMap {config_map}: data[{region.nats.config_key}]"),)
                yield Problem(message, where, (region.name,))


@rule(
    "DR206", "post-renderer-forgotten", "error", "live",
    why="Helm runs a post-renderer only with the flag --post-renderer. This revision was installed without it, which "
    "took every edit back.",
    source="run on helm 3.19.0 and 4.3.1",
    remedy="Upgrade again with --post-renderer natsvalues; `natsvalues diff` shows what was taken back.",
    fails="""\
eu-west: {statefulsets: {nats: {metadata: {annotations: null}}}}
us-east:
  statefulsets: {nats: {metadata: {annotations: null}}}
  revisions: [{revision: 1, status: superseded, stamped: true}, {revision: 2, status: deployed, stamped: false}]
""",
    passes="us-east: {revisions: [{revision: 1, status: deployed, stamped: true}]}",
)  # fmt: skip
def forgotten(live: LiveSet) -> Iterator[Problem]:
    """An earlier revision of the release went through natsvalues, and the one that runs did not."""
    if any(is_stamped(region.nats.statefulset) for region in live.regions.values()):
        return  # lint compares the regions
    for region in live.regions.values():
        stamped = [item["revision"] for item in region.seen.revisions if item["stamped"]]
        now = next((item for item in region.seen.revisions if item["status"] == "deployed"), None)
        if now is not None and not now["stamped"] and stamped:
            message = (
                f"revision {now['revision']} of release `{region.seen.release}` in `{region.name}` was not rendered "
                f"through natsvalues, and revision {max(stamped)} was"
            )
            where = (region.at(f"release {region.seen.release}: revision {now['revision']}"),)
            yield Problem(message, where, (region.name,))
