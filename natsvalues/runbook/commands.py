"""Acts and checks as commands of helm, kubectl and nats, with the options of the region's cluster."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from natsvalues.records import NamedTuple
from natsvalues.runbook.stores import REQUEST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from natsvalues.runbook.step import Act, Check

CHART = "nats/nats"


class Target(NamedTuple):
    """How a region is reached: its kube context and namespace (empty: the current ones), and what is installed there.

    `values` are helm's values files, `pods` the name of the StatefulSet, `port` the one for monitoring, `gateway` the
    host and port that other regions dial; `labels` select the pods and claims; `overlays` is their folder, if named.
    """

    region: str
    gateway: str
    context: str = ""
    namespace: str = ""
    kubeconfig: str = ""
    release: str = "nats"
    chart: str = CHART
    values: tuple[str, ...] = ()
    pods: str = "nats"
    servers: int = 3
    port: int = 8222
    labels: str = "app.kubernetes.io/component=nats,app.kubernetes.io/instance=nats"
    backups: str = "backups"
    overlays: str = ""

    @property
    def folder(self) -> str:
        """Where the region's backups are."""
        return f"{self.backups}/{self.region}"

    def _words(self, context: str) -> list[str]:
        pairs = ((context, self.context), ("--namespace", self.namespace), ("--kubeconfig", self.kubeconfig))
        return [f"{option}={word}" for option, word in pairs if word]

    def helm(self, *words: str) -> str:
        """A command of helm."""
        return shlex.join(["helm", *words, *self._words("--kube-context")])

    def kubectl(self, *words: str) -> str:
        """A command of kubectl."""
        return shlex.join(["kubectl", *self._words("--context"), *words])

    def nats(self, words: str) -> str:
        """A command of the nats CLI, with a context of its own for the region."""
        return f"nats --context {shlex.quote(self.region)} {words}"

    def ask(self, path: str) -> str:
        """A request to every server's monitoring port, through the API server."""
        namespace = self.namespace or "NAMESPACE"
        pods = self.kubectl("get", "pods", "-l", self.labels, "-o", "name")  # how many there are changes with the steps
        quoted = f'"/api/v1/namespaces/{namespace}/pods/${{p#pod/}}:{self.port}/proxy{path}"'
        return f"for p in $({pods}); do {self.kubectl('get', '--raw')} {quoted}; done"


def act_commands(act: Act, target: Target) -> list[str]:
    """The commands that do it."""
    if act.kind in _OF_STREAMS:
        return _each(act, target)
    claims = target.kubectl("delete", "pvc", "-l", target.labels)
    scale = ("scale", f"statefulset/{target.pods}")
    rolled_out = target.kubectl("rollout", "status", f"statefulset/{target.pods}", "--timeout=15m")
    match act.kind:
        case "upgrade":
            return [_upgrade(act, target), *_stopped(act, target), rolled_out]
        case "uninstall":
            return [target.helm("uninstall", target.release, "--wait"), claims]
        case "scale":
            return [target.kubectl(*scale, f"--replicas={act.detail[0]}"), *_stopped(act, target)]
        case "remove-peer":
            through = shlex.quote(f"{act.other or act.region}-sys")
            remove = f"nats --context {through} server raft peer-remove {act.detail[0]} -f"
            return [f"for i in 1 2 3 4 5 6; do {remove} && break; sleep 5; done"]  # the leader may have been stopped
        case "wipe":
            gone = target.kubectl("wait", "--for=delete", "pod", "-l", target.labels, "--timeout=5m")
            stop, start = (target.kubectl(*scale, f"--replicas={number}") for number in (0, target.servers))
            return [stop, gone, claims, start, rolled_out]
        case "kubectl":
            return [target.kubectl(*act.detail)]
        case "run":
            return list(act.detail)
        case "restore":
            origins, copies = (f"$(grep -{option} -E {_COPIES} {target.folder}/*/backup.json)" for option in "Ll")
            return [f"for f in {origins} {copies}; do {target.nats('stream restore $(dirname $f)')}; done"]
        case _:
            return [f"sleep {act.detail[0]}"]


_COPIES = """'"(mirror|sources)": *[[{]'"""
"""What the description of a backup has if the stream copies others: it is restored after them."""
_OF_STREAMS: dict[str, Callable[[Act, Target], str]] = {
    "backup": lambda _act, target: f"stream backup --consumers $s {target.folder}/$s",
    "raise": lambda act, _target: f"stream edit $s --replicas {act.other or 3} -f",
    "delete": lambda _act, _target: "stream rm $s -f",
    "place": lambda act, _target: f"stream edit $s --cluster {act.other} -f",
}
"""What is done to each stream, `$s`."""
_OF_BUCKETS: dict[str, Callable[[Act], str]] = {
    "raise": lambda act: f"kv edit $s --replicas {act.other or 3}",
    "delete": lambda _act: "kv del $s -f",
    "place": lambda act: f"kv edit $s --cluster {act.other}",
}
"""What is done to each key-value bucket `$s`: for its stream the CLI asks at a terminal, in spite of `-f`.

source: run with natscli 0.5.0 without a terminal (`cannot ask for confirmation`).
"""
_BUCKET = "KV_"
"""How the name of a bucket's stream begins."""


def _upgrade(act: Act, target: Target) -> str:
    files = [word for path in target.values for word in ("-f", path)] or ["-f", "values.yaml"]
    files += ["--set", f"config.cluster.replicas={act.detail[0]}"] if act.detail else []
    post = ["--post-renderer", "natsvalues", f"--post-renderer-args=--region={target.region}"]
    post += [f"--post-renderer-args=--overlays={target.overlays}"] if target.overlays else []
    post += [f"--post-renderer-args=--allow={act.other}"] if act.other else []
    return target.helm("upgrade", "--install", target.release, target.chart, *files, *post)


def _stopped(act: Act, target: Target) -> list[str]:
    """Waits for the pod that is left out: as long as its server runs, it comes back as a peer."""
    pod = f"pod/{target.pods}-{''.join(act.detail)}"
    return [target.kubectl("wait", "--for=delete", pod, "--timeout=5m")] if act.detail else []


def _each(act: Act, target: Target) -> list[str]:
    """A command for each stream, in the context of its account; a loop, if they are not known."""
    words = _OF_STREAMS[act.kind](act, target)
    bucket = _OF_BUCKETS[act.kind](act) if act.kind in _OF_BUCKETS else None
    if not act.detail:
        each = target.nats(words)
        if bucket is not None:
            of_bucket = target.nats(bucket.replace("$s", f"${{s#{_BUCKET}}}"))
            each = f"case $s in {_BUCKET}*) {of_bucket};; *) {each};; esac"
        return [f"for s in $({target.nats(_listing(act))}); do {each}; done"]
    commands = []
    for stream in act.detail:
        account, _, name = stream.rpartition("/")
        comment = f"    # account {account}" if account not in ("", "$G") else ""
        if bucket is not None and name.startswith(_BUCKET):
            done = bucket.replace("$s", shlex.quote(name.removeprefix(_BUCKET)))
        else:
            done = words.replace("$s", shlex.quote(name))
        commands.append(target.nats(done) + comment)
    return commands


def _listing(act: Act) -> str:
    """What lists the streams of an act that names none; regions that share JetStream list each other's, too."""
    if act.kind == "backup":
        return "stream ls -n"
    if act.kind == "raise" and act.other != "1":
        return "stream find --replicas 1 -n"
    return f"stream find --cluster {shlex.quote(f'^{act.region}$')} -n"


def check_words(check: Check) -> str:
    """What must hold, as a sentence."""
    streams = ", ".join(item.rpartition("/")[2] for item in check.detail) or "every stream"
    return {
        "healthy": f"{check.region}: /healthz of every server answers 200",
        "group": f"{check.region}: the meta group has a leader and {''.join(check.detail[:1])} servers, none offline",
        "connected": f"{check.region}: every server has a gateway to {', '.join(check.detail)}",
        "reachable": f"{check.region}: its gateway's host resolves to the load balancer, and its port answers from the "
        "other regions",
        "whole": f"{check.region}: every stream has all its replicas, and they are current",
        "replicated": f"{check.region}: no stream has only one replica",
        "on-disk": f"{check.region}: no stream is in memory",
        "backed-up": f"{check.region}: the backup has {streams}, with as many messages as the server lists",
        "restored": f"{check.region}: {streams} has the messages and consumers of its backup",
        "same-service": f"{check.region}: the Service {''.join(check.detail[:1])} has the UID and the address it had",
        "named": f"{check.region}: the server {''.join(check.detail[:1])} is there",
        "empty": f"{check.region}: {streams} is not there, or has no message",
        "version": f"{check.region}: every server runs {''.join(check.detail[:1])}",
        "level": f"{check.region}: no stream needs more than nats-server {''.join(check.detail[1:])} has: "
        f"`_nats.req.level` in its metadata is at most {''.join(check.detail[:1])}",
    }[check.kind]


EXPLAINED: dict[str, tuple[str, ...]] = {
    "healthy": ("DR103", "DR106", "DR109", "DR201", "DR402"),
    "group": ("DR402", "DR404", "DR405", "DR406"),
    "connected": ("DR301", "DR303", "DR304", "DR305", "DR306", "DR308"),
    "reachable": ("DR101", "DR107", "DR301", "DR302"),
    "whole": ("DR201", "DR304", "DR405"),
    "named": ("DR102", "DR103"),
}
"""The rules of doctor that say why a check does not hold; a check of streams or backups alone has none."""


def explained_by(check: Check, targets: Iterable[Target]) -> str:
    """The command that says why a check does not hold, with the rules that may; empty if doctor has none of it."""
    rules = EXPLAINED.get(check.kind, ())
    regions = [target for target in targets if target.context]
    words = ["natsvalues", "doctor", "--contexts"]
    words.append(",".join(f"{target.region}={target.context}" for target in regions) or "REGION=CONTEXT")
    spaces = {target.region: target.namespace for target in regions if target.namespace}
    if spaces:
        words += ["--namespace", ",".join(f"{region}={space}" for region, space in spaces.items())]
    files = {target.kubeconfig for target in regions if target.kubeconfig}
    words += [word for file in files for word in ("--kubeconfig", file)]
    releases = {target.release for target in regions} - {"nats"}
    words += [word for name in releases for word in ("--release", name)]
    return f"{shlex.join(words)}    # {', '.join(rules)}" if rules else ""


def check_command(check: Check, target: Target) -> str:
    """A command that shows it."""
    match check.kind:
        case "healthy":
            return target.ask("/healthz")
        case "connected":
            return target.ask("/gatewayz") + " | grep -A1 outbound_gateways"
        case "reachable":
            host, _, port = target.gateway.rpartition(":")
            return f"nc -vz {host} {port}    # from a pod of another region"
        case "backed-up":
            return f"ls {target.folder}/*/backup.json"
        case "same-service":
            return check.detail[1]
        case "restored":
            return target.nats("stream report")
        case "named":
            return target.ask("/varz") + " | grep server_name"
        case "version":
            return target.ask("/varz") + """ | grep '"version"'"""
        case _:
            return target.ask(REQUEST)
