"""The real tools on a real API server, in no ordinary run: `python scripts/tools_suites.py` builds and runs them.

Each test has a cluster of its own (etcd and kube-apiserver, no nodes), the namespace `nats` of the examples, and a
context that is called as the region. What a test saw goes into docs/tools/runs.md: `saw("Ready after 4 s")`.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import time

import pytest
import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
sys.path += [os.path.join(ROOT, "scripts"), HERE]

import cluster as clusters  # noqa: E402 - scripts are no package
import cluster_build  # noqa: E402 - same
from git_server import published  # noqa: E402 - neither are tests
from waiting import free_port, until  # noqa: E402 - same

REGION = "us-east"
ADDRESS = "192.0.2.7"
PROGRAMS = json.loads(os.environ.get("NATSVALUES_TOOLS_BUILT", "{}"))
"""Paths of the built programs by name, or the reason why there is none: from scripts/tools_suites.py."""
collect_ignore_glob = [] if PROGRAMS else ["test_*.py"]


@pytest.fixture(autouse=True)
def about(request, record_property):
    """What the page says of a test: its own words."""
    case = request.node.callspec.params.get("major") if hasattr(request.node, "callspec") else None
    record_property("about", " ".join(request.function.__doc__.split()) + (f" (Helm {case})" if case else ""))


@pytest.fixture
def saw(record_property):
    """Note what was seen."""
    return lambda text: record_property("saw", text)


@pytest.fixture
def program():
    """Give the path of a program that was built; without it the test is left out, with the reason."""

    def path_of(name):
        if not os.path.isabs(PROGRAMS[name]):
            pytest.skip(PROGRAMS[name])
        return PROGRAMS[name]

    return path_of


@pytest.fixture
def cluster():
    """A running API server."""
    running, user = clusters.start(cluster_build.build())
    yield running
    clusters.leave(user)


@pytest.fixture
def kubeconfig(cluster, tmp_path):
    """A kubeconfig whose context is called as the region; the namespace `nats` is there."""
    value = json.loads(cluster.kubeconfig(namespace="nats"))
    [context] = value["contexts"]
    path = tmp_path / "kubeconfig"
    path.write_text(json.dumps(value | {"contexts": [context | {"name": REGION}], "current-context": REGION}))
    path.chmod(0o600)
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "nats"}}
    status, answer = cluster.request("POST", "/api/v1/namespaces", body)
    assert status == 201, answer
    return str(path)


@pytest.fixture
def here(request, examples, kubectl, kustomize, kubeconfig):
    """Copy the examples for a helm (3 or 4) that has natsvalues' plugins: `here(4).shell(text, "flux")`."""

    def copy(major):
        walkthrough = examples(helm=request.getfixturevalue(f"helm{major}"), kubectl=kubectl, kustomize=kustomize)
        walkthrough.shell("natsvalues plugin install", "helm3")

        def run(*words, env=None, **keywords):
            return walkthrough.run(*words, env={"KUBECONFIG": kubeconfig} | (env or {}), **keywords)

        return walkthrough._replace(run=run)

    return copy


@pytest.fixture
def service(cluster):
    """What the gateway's Service keeps or loses: its UID and the address of its load balancer, or None."""

    def look():
        status, value = cluster.request("GET", "/api/v1/namespaces/nats/services/nats-gateway")
        if status == 404:
            return None
        ingress = value["status"]["loadBalancer"].get("ingress", [{}])
        return value["metadata"]["uid"], ingress[0].get("ip")

    return look


@pytest.fixture
def address(cluster, service):
    """Let the load balancer of the gateway's Service have its address, and look: as `service()`."""

    def give():
        path = "/api/v1/namespaces/nats/services/nats-gateway/status"
        body = {"status": {"loadBalancer": {"ingress": [{"ip": ADDRESS}]}}}
        status, answer = cluster.request("PATCH", path, body, content="application/merge-patch+json")
        assert status == 200, answer
        before = service()
        assert before[1] == ADDRESS
        return before

    return give


@pytest.fixture
def installed(address):
    """Install the release as the example says, and let the load balancer have its address: `installed(here, 4)`."""

    def install(walkthrough, major):
        example = f"helm{major}"
        walkthrough.shell("helm repo add nats " + repository(walkthrough), example)
        walkthrough.shell(walkthrough.blocks(example, "sh cluster")[0], example)
        return address()

    return install


def repository(walkthrough):
    """The chart's address in the copied examples."""
    with open(os.path.join(walkthrough.folder, "flux", "base", "nats.yaml"), encoding="utf-8") as file:
        return next(yaml.safe_load_all(file))["spec"]["url"]


@pytest.fixture
def starting(tmp_path):
    """Run programs until the test ends: `starting("name", [path, "--flag"], env)`; gives the log's path."""
    with contextlib.ExitStack() as stack:

        def start(name, command, env):
            log = tmp_path / f"{name}.log"
            output = stack.enter_context(log.open("wb"))
            process = subprocess.Popen(
                command, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - it takes no lock
            )  # fmt: skip
            stack.callback(_end, process)
            return log

        yield start


def _end(process):
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


@pytest.fixture
def git(tmp_path):
    """Publish what a walkthrough's examples and overlays are in: `git(walkthrough).commit()` publishes what changed."""
    with contextlib.ExitStack() as stack:

        def publish(walkthrough):
            served = tmp_path / "served"
            served.mkdir()
            return stack.enter_context(published(os.path.dirname(walkthrough.folder), str(served)))

        yield publish


@pytest.fixture
def flux(cluster, program, starting, kubeconfig, isolated_env, tmp_path):
    """Flux's controllers, running: `flux(walkthrough)` gives what asks about HelmReleases.

    Source-controller and helm-controller, and those that are named as well.
    """

    def run(walkthrough, *more):
        import tool_builds

        for name in ("source-controller", "helm-controller", *more):
            folder = os.path.join(tool_builds.source(name), "config", "crd", "bases")
            walkthrough.shell(f"kubectl apply --server-side -f {folder}", "flux")
        status, answer = cluster.request("POST", "/api/v1/namespaces", _NAMESPACE)
        assert status == 201, answer
        port = free_port()
        storage = tmp_path / "storage"
        storage.mkdir()
        env = isolated_env | {"KUBECONFIG": kubeconfig, "RUNTIME_NAMESPACE": "flux-system"}
        common = ["--metrics-addr=127.0.0.1:0", "--health-addr=127.0.0.1:0", "--log-level=info"]
        listening = [f"--storage-path={storage}", f"--storage-addr=127.0.0.1:{port}"]
        advertised = [f"--storage-adv-addr=127.0.0.1:{port}"]
        starting("source-controller", [program("source-controller"), *common, *listening, *advertised], env)
        log = starting("helm-controller", [program("helm-controller"), *common], env)
        for name in more:
            starting(name, [program(name), *common], env)
        return Flux(cluster, walkthrough, log)

    return run


_NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "flux-system"}}


class Flux:
    """What a test does with a HelmRelease `nats`; `log` is that of the helm-controller."""

    PATH = "/apis/helm.toolkit.fluxcd.io/v2/namespaces/nats/helmreleases/nats"

    def __init__(self, cluster, walkthrough, log):
        """The cluster, and the copied examples."""
        self.cluster, self.walkthrough, self.log = cluster, walkthrough, log

    def apply(self, folder):
        """Apply a Kustomization's folder as kustomize-controller does: server-side, over other managers."""
        self.walkthrough.shell(
            f"kustomize build {folder} | kubectl apply --server-side --force-conflicts "
            "--field-manager=kustomize-controller -f -",
            "flux",
        )

    def condition(self):
        """The condition Ready for the newest generation, or None."""
        status, value = self.cluster.request("GET", self.PATH)
        if status != 200:
            return None
        conditions = value.get("status", {}).get("conditions", [])
        newest = value["metadata"]["generation"]
        ready = (item for item in conditions if item["type"] == "Ready" and item.get("observedGeneration") == newest)
        return next(ready, None)

    def ready(self, wanted="True", seconds=240):
        """Wait until Ready is so; gives its message and the seconds it took."""
        begin = time.monotonic()
        until(lambda: (self.condition() or {}).get("status") == wanted, seconds, self._log)
        return self.condition()["message"], time.monotonic() - begin

    def _log(self):
        return f"{self.condition()}\n{self.log.read_text()[-4000:]}"

    def touch(self):
        """Ask for a reconciliation, as `flux reconcile` does."""
        body = {"metadata": {"annotations": {"reconcile.fluxcd.io/requestedAt": str(time.time())}}}
        status, answer = self.cluster.request("PATCH", self.PATH, body, content="application/merge-patch+json")
        assert status == 200, answer
