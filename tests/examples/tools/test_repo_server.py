"""Argo CD's own repo-server, plugin server and controllers with examples/argocd and docs/tools/argocd.md."""

import glob
import json
import os
import shutil
import tempfile

import pytest
import yaml
from waiting import free_port, until

pytestmark = pytest.mark.timeout(600)
MERGE = "application/merge-patch+json"
APPLICATIONS = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications"
APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
TRACKING = "argocd.argoproj.io/tracking-id"
PART = {"labels": {"app.kubernetes.io/part-of": "argocd"}}


class ArgoCD:
    """Argo CD that reads a git repository: what a test does with its Applications."""

    def __init__(self, cluster, walkthrough, repository, logs):
        """The API server, the copied examples, the repository, and where the programs log."""
        self.cluster, self.walkthrough, self.repository, self.logs = cluster, walkthrough, repository, logs

    def create(self, text):
        """Apply objects of an example or a page, with the repository's address in place of theirs."""
        text = text.replace("https://git.example.com/platform.git", self.repository.url)
        self.walkthrough.run("kubectl", "apply", "-f", "-", stdin=text, check=True, env={"PATH": self.walkthrough.path})

    def application(self, name):
        """An Application, or None."""
        status, value = self.cluster.request("GET", f"{APPLICATIONS}/{name}")
        return value if status == 200 else None

    def status(self, name):
        """The status of an Application."""
        return (self.application(name) or {}).get("status", {})

    def compared(self, name):
        """Wait until an Application is compared; gives its status."""
        until(lambda: self.status(name).get("sync", {}).get("status") in ("Synced", "OutOfSync"))
        return self.status(name)

    def conditions(self, name):
        """The messages of an Application's conditions."""
        return "\n".join(item["message"] for item in self.status(name).get("conditions", []))

    def refresh(self, name, kind="hard"):
        """Ask for a comparison anew."""
        body = {"metadata": {"annotations": {"argocd.argoproj.io/refresh": kind}}}
        assert self.cluster.request("PATCH", f"{APPLICATIONS}/{name}", body, content=MERGE)[0] == 200

    def sync(self, name):
        """Sync as `argocd app sync` does, and wait for its end."""
        commit = self.repository.git("rev-parse", "HEAD").strip()
        body = {"operation": {"initiatedBy": {"username": "test"}, "sync": {"revision": commit}}}
        assert self.cluster.request("PATCH", f"{APPLICATIONS}/{name}", body, content=MERGE)[0] == 200
        until(lambda: "operation" not in self.application(name) and self._phase(name) not in ("", "Running"))
        assert self._phase(name) == "Succeeded", json.dumps(self.status(name).get("operationState"))

    def _phase(self, name):
        return self.status(name).get("operationState", {}).get("phase", "")

    def applied(self, name):
        """The objects as Argo CD applied them, as a stream: what it rendered, but for its namespace and its mark."""
        found = []
        for item in self.status(name)["resources"]:
            words = [
                "kubectl",
                "get",
                f"{item['kind']}.{item.get('group', '')}".rstrip("."),
                item["name"],
                "-o",
                "json",
            ]
            done = self.walkthrough.run(*words, "-n", "nats", check=True, env={"PATH": self.walkthrough.path})
            value = json.loads(json.loads(done.stdout)["metadata"]["annotations"][APPLIED])
            value["metadata"].pop("namespace")
            value["metadata"]["annotations"].pop(TRACKING)
            if not value["metadata"]["annotations"]:
                del value["metadata"]["annotations"]
            found.append(value)
        return yaml.safe_dump_all(found)


@pytest.fixture
def argocd(cluster, program, starting, kubeconfig, isolated_env, git, tmp_path):
    """Run Argo CD: `argocd(walkthrough, env)`; `env` is the repo-server's own."""
    sockets = tempfile.mkdtemp(prefix="cmp-", dir="/tmp")  # the path of a socket has at most 108 characters

    def run(walkthrough, env=None):
        import tool_builds

        source = tool_builds.source("argocd")
        for path in sorted(glob.glob(os.path.join(source, "manifests", "crds", "*-crd.yaml"))):
            walkthrough.shell(f"kubectl apply --server-side -f {path}", "argocd")
        wait = ("kubectl", "wait", "--for=condition=Established", "crd", "--all", "--timeout=20s")  # fails on no status
        until(lambda: walkthrough.run(*wait, env={"PATH": walkthrough.path}).returncode == 0)
        kept = ArgoCD(cluster, walkthrough, git(walkthrough), tmp_path)
        kept.create(yaml.safe_dump_all(_settings(cluster, walkthrough)))
        programs = tmp_path / "bin"  # what Argo CD's image has beside the program
        programs.mkdir()
        shutil.copyfile(os.path.join(source, "hack", "git-verify-wrapper.sh"), programs / "git-verify-wrapper.sh")
        (programs / "git-verify-wrapper.sh").chmod(0o755)
        common = isolated_env | {
            "KUBECONFIG": kubeconfig,
            "PATH": f"{programs}{os.pathsep}{walkthrough.path}",
            "ARGOCD_FAKE_IN_CLUSTER": "true",
            "ARGOCD_GPG_ENABLED": "false",
            "ARGOCD_PLUGINSOCKFILEPATH": sockets,
            "ARGOCD_ASK_PASS_SOCK": os.path.join(sockets, "ask"),
            "ARGOCD_EXEC_TIMEOUT": "3m",
            "ARGOCD_TLS_DATA_PATH": sockets,
            "ARGOCD_SSH_DATA_PATH": sockets,
        }

        def start(name, words, **more):
            command = [program("argocd"), *words]
            starting(name, command, common | {"ARGOCD_BINARY_NAME": f"argocd-{name}"} | more)

        folder = tmp_path / "plugin"
        folder.mkdir()
        shutil.copyfile(os.path.join(walkthrough.folder, "argocd", "plugin.yaml"), folder / "plugin.yaml")
        start("cmp-server", [f"--config-dir-path={folder}"])
        redis, server = (f"127.0.0.1:{free_port()}" for _ in range(2))
        starting("redis", [program("miniredis"), redis], common)
        port = server.rpartition(":")[2]
        here = ["--address=127.0.0.1", f"--port={port}", "--metrics-address=127.0.0.1", f"--metrics-port={free_port()}"]
        start("repo-server", [*here, f"--redis={redis}"], **(env or {}))
        words = [f"--repo-server={server}", f"--redis={redis}", f"--metrics-port={free_port()}", "--namespace=argocd"]
        start("application-controller", [*words, "--repo-server-timeout-seconds=180"])
        words = [f"--argocd-repo-server={server}", "--metrics-addr=0", f"--probe-addr=127.0.0.1:{free_port()}"]
        start("applicationset-controller", [*words, f"--webhook-addr=127.0.0.1:{free_port()}", "--namespace=argocd"])
        return kept

    yield run
    shutil.rmtree(sockets)


def _settings(cluster, walkthrough):
    """Argo CD's namespace and settings, those of the page too; the clusters, of which nobody serves the other two."""
    yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "argocd"}}
    given = yaml.safe_load(walkthrough.page("tools/argocd").files["argocd-cm.yaml"])
    kinds = {
        "argocd-cm": given["data"],
        "argocd-rbac-cm": {},
        "argocd-ssh-known-hosts-cm": {},
        "argocd-tls-certs-cm": {},
    }
    for name, data in kinds.items():
        metadata = {"name": name, "namespace": "argocd"} | PART
        yield {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
    metadata = {"name": "argocd-secret", "namespace": "argocd"} | PART
    yield {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"server.secretkey": "x"}}
    [at] = json.loads(cluster.kubeconfig())["clusters"]
    config = {
        "bearerToken": cluster.tokens["admin"],
        "tlsClientConfig": {"caData": at["cluster"]["certificate-authority-data"]},
    }
    labels = {"argocd.argoproj.io/secret-type": "cluster"}
    addresses = {"us-east": cluster.url, "eu-west": "https://127.0.0.1:1", "ap-south": "https://127.0.0.1:2"}
    for name, address in addresses.items():
        metadata = {"name": name, "namespace": "argocd", "labels": labels}
        data = {"name": name, "server": address, "config": json.dumps(config)}
        yield {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": data}
    spec = {
        "sourceRepos": ["*"],
        "destinations": [{"namespace": "*", "server": "*"}],
        "clusterResourceWhitelist": [{"group": "*", "kind": "*"}],
    }
    metadata = {"name": "default", "namespace": "argocd"}
    yield {"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": metadata, "spec": spec}


def read(*path):
    """A file's text."""
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


def without_hooks(text):
    """A rendering without the chart's test, which Argo CD does not apply."""
    return "---\n".join(part for part in text.split("---\n") if "helm.sh/hook" not in part)


def test_the_example(here, argocd, saw, wanted, same_objects):
    """The ApplicationSet makes three Applications; what a sync applies of us-east is what post-rendering gives."""
    walkthrough = here(4)
    running = argocd(walkthrough)
    running.create(read(walkthrough.folder, "argocd", "applicationset.yaml"))
    names = [f"nats-{region}" for region in ("ap-south", "eu-west", "us-east")]
    until(lambda: all(map(running.application, names)))
    running.compared("nats-us-east")
    running.sync("nats-us-east")
    values = os.path.join(walkthrough.folder, "argocd", "nats", "values.yaml")
    same_objects(running.applied("nats-us-east"), without_hooks(wanted("us-east", values)))
    running.refresh("nats-us-east")
    until(lambda: running.status("nats-us-east")["sync"]["status"] == "Synced")
    saw(f"{len(running.status('nats-us-east')['resources'])} objects equal, and Synced after a hard refresh")


def test_a_mistyped_overlay(here, argocd, cluster, saw):
    """Its Application stays with what it deployed and says which region is unknown; the wrong name gets none."""
    walkthrough = here(4)
    running = argocd(walkthrough)
    running.create(read(walkthrough.folder, "argocd", "applicationset.yaml"))
    until(lambda: running.application("nats-us-east"))
    running.compared("nats-us-east")
    running.sync("nats-us-east")
    path = os.path.join(running.repository.folder, "charts", "overlays", "us-east.yaml")
    text = read(path)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace("name: us-east", "name: us-eas"))
    running.repository.commit()
    running.refresh("nats-us-east")
    until(lambda: "NV-O003" in running.conditions("nats-us-east"))
    assert "did you mean `us-eas`" in running.conditions("nats-us-east")
    sets = APPLICATIONS.replace("applications", "applicationsets") + "/nats"
    touch = {"metadata": {"annotations": {"argocd.argoproj.io/application-set-refresh": "true"}}}
    assert cluster.request("PATCH", sets, touch, content=MERGE)[0] == 200
    until(lambda: "there are no clusters with this name: us-eas" in str(cluster.request("GET", sets)[1]["status"]))
    assert running.application("nats-us-eas") is None
    assert "finalizers" not in running.application("nats-us-east")["metadata"]
    assert cluster.request("GET", "/apis/apps/v1/namespaces/nats/statefulsets/nats")[0] == 200
    saw("`NV-O003`, `did you mean`; the ApplicationSet: `there are no clusters with this name: us-eas`")


@pytest.mark.parametrize("major", [3, 4])
def test_from_helm_and_back(major, here, argocd, installed, service, saw):
    """A post-rendered release goes to the Application and back, by the commands of delivery.md."""
    walkthrough = here(major)
    before = installed(walkthrough, major)
    running = argocd(walkthrough)
    page = walkthrough.page("delivery")
    [forget], [let_go], [adopt] = (page.marked(f"sh {kind}") for kind in ("forget", "argocd", "adopt"))
    text = read(walkthrough.folder, "argocd", "applicationset.yaml")
    template = yaml.safe_load(text)["spec"]["template"]
    application = yaml.safe_dump({"apiVersion": "argoproj.io/v1alpha1", "kind": "Application"} | template)
    application = application.replace("nats-{{ .name }}", "nats").replace("{{ .name }}", "us-east")
    value = yaml.safe_load(application)
    value["metadata"] |= {"namespace": "argocd", "finalizers": ["resources-finalizer.argocd.argoproj.io"]}
    running.create(yaml.safe_dump(value))
    running.compared("nats")
    running.sync("nats")
    walkthrough.shell(forget, "argocd/nats")
    assert walkthrough.shell("helm list -n nats -q", "argocd").stdout == ""
    assert service() == before

    walkthrough.shell(let_go, "argocd")
    until(lambda: running.application("nats") is None)
    assert service() == before
    if major == 4:
        adopt = adopt.replace("--install nats", "--install --force-conflicts nats")
    walkthrough.shell(adopt, "argocd/nats")
    assert walkthrough.shell("helm list -n nats -q", "argocd").stdout == "nats\n"
    assert service() == before
    saw("UID and address of the Service unchanged, also after the Application with its finalizer is deleted")


def test_by_address(here, argocd, chart_repository, saw, wanted, same_but_declared):
    """The page's Application without a plugin: `natsvalues://us-east` in valueFiles, rendered by the repo-server."""
    walkthrough = here(4)
    page = walkthrough.page("tools/argocd")
    [container] = yaml.safe_load(page.files["repo-server-values.yaml"])["spec"]["template"]["spec"]["containers"]
    [mount] = container["volumeMounts"]
    given = {item["name"]: item["value"].replace(mount["mountPath"], walkthrough.folder) for item in container["env"]}
    env = {"HELM_PLUGINS": given["HELM_PLUGINS"]}
    walkthrough.run("natsvalues", "plugin", "install", env=env | {"PATH": walkthrough.path}, check=True)
    charts = os.path.join(os.path.dirname(walkthrough.folder), "charts")
    pull = ["helm", "pull", "nats", "--repo", chart_repository, "--untar", "-d", charts]
    walkthrough.run(*pull, env={"PATH": walkthrough.path}, check=True)
    values = os.path.join(walkthrough.folder, "argocd", "nats", "values.yaml")
    shutil.copyfile(values, os.path.join(charts, "nats", "platform.yaml"))
    running = argocd(walkthrough, env)
    application = page.files["application.yaml"]
    running.create(application)
    running.compared("nats-us-east")
    running.sync("nats-us-east")
    same_but_declared(running.applied("nats-us-east"), without_hooks(wanted("us-east", values)))

    wrong = application.replace("natsvalues://us-east", "natsvalues://us-eas").replace(
        "name: nats-us-east", "name: wrong"
    )
    running.create(wrong)
    until(lambda: "did you mean `us-east`?" in running.conditions("wrong"))
    saw("only what values declare differs; `did you mean us-east` of a wrong region is shown")
