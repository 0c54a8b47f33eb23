"""The Kustomization of examples/flux from a git repository, by Flux's own kustomize-controller."""

import os
import re

import pytest
import yaml
from flux_releases import SERVICE, back, manifest
from waiting import until

pytestmark = pytest.mark.timeout(600)
MERGE = "application/merge-patch+json"
SOURCES = "/apis/source.toolkit.fluxcd.io/v1/namespaces/flux-system/gitrepositories"
KUSTOMIZATIONS = "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/flux-system/kustomizations"
_GIVEN = re.compile(r"^```yaml\n(apiVersion: kustomize.*?)^```", re.MULTILINE | re.DOTALL)


class Region:
    """The example in a git repository, and Flux that reads it."""

    def __init__(self, walkthrough, releases, cluster, repository):
        """The copied examples, what asks about the HelmRelease, the API server, and the repository."""
        self.walkthrough, self.releases, self.cluster, self.repository = walkthrough, releases, cluster, repository
        body = {
            "apiVersion": "source.toolkit.fluxcd.io/v1",
            "kind": "GitRepository",
            "metadata": {"name": "flux-system", "namespace": "flux-system"},
            "spec": {"interval": "1h", "url": repository.url, "ref": {"branch": "main"}},
        }
        assert cluster.request("POST", SOURCES, body)[0] == 201
        with open(os.path.join(walkthrough.folder, "flux", "README.md"), encoding="utf-8") as file:
            self.given = yaml.safe_load(_GIVEN.search(file.read())[1])

    def create(self, **spec):
        """Create the README's Kustomization, with more in its spec; gives its name."""
        name = spec.pop("name", self.given["metadata"]["name"])
        body = self.given | {"metadata": self.given["metadata"] | {"name": name}, "spec": self.given["spec"] | spec}
        status, answer = self.cluster.request("POST", KUSTOMIZATIONS, body)
        assert status == 201, answer
        return name

    def publish(self):
        """Commit the folder, and wait until Flux has fetched it; gives the commit."""
        commit = self.repository.commit()
        path = f"{SOURCES}/flux-system"
        now = {"metadata": {"annotations": {"reconcile.fluxcd.io/requestedAt": commit}}}
        assert self.cluster.request("PATCH", path, now, content=MERGE)[0] == 200
        until(lambda: commit in str(self.cluster.request("GET", path)[1]["status"].get("artifact")))
        return commit

    def commit(self):
        """Publish the folder, and let Flux apply it."""
        self.applied(commit=self.publish())

    def applied(self, name="nats", commit=""):
        """Wait until a Kustomization has applied a commit."""
        until(lambda: commit in self.status(name).get("lastAppliedRevision", "") and self.ready(name) == "True")

    def status(self, name="nats"):
        """The status of a Kustomization."""
        return self.cluster.request("GET", f"{KUSTOMIZATIONS}/{name}")[1].get("status", {})

    def ready(self, name, field="status"):
        """A field of its condition Ready."""
        return next((item[field] for item in self.status(name).get("conditions", []) if item["type"] == "Ready"), "")

    def edit(self, path, change):
        """Change the text of a file of the example."""
        path = os.path.join(self.walkthrough.folder, "flux", path)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        assert change(text) != text
        with open(path, "w", encoding="utf-8") as file:
            file.write(change(text))


@pytest.fixture
def region(flux, git, cluster):
    """The example, followed and published, with Flux running: `region(here(3))`."""

    def run(walkthrough):
        walkthrough.follow("flux")
        releases = flux(walkthrough, "kustomize-controller")
        return Region(walkthrough, releases, cluster, git(walkthrough))

    return run


def has_service(walkthrough):
    """Whether the gateway's Service is in the Helm release."""
    return SERVICE in [(value["kind"], value["metadata"]["name"]) for value in manifest(walkthrough)]


def test_the_example(here, region, cluster, saw, wanted, same_objects, as_in_a_release):
    """The README's Kustomization, unedited: the release and the Service beside it are what post-rendering gives."""
    walkthrough = here(3)
    found = region(walkthrough)
    found.create()
    found.applied()
    found.releases.ready()

    with open(os.path.join(walkthrough.folder, "flux", "by-flux", "us-east.yaml"), encoding="utf-8") as file:
        [service] = [value for value in yaml.safe_load_all(file) if value and value["kind"] == "Service"]
    live = cluster.request("GET", "/api/v1/namespaces/nats/services/nats-gateway")[1]
    assert service["metadata"]["annotations"].items() <= live["metadata"]["annotations"].items()
    values = os.path.join(walkthrough.folder, "flux", "base", "values.yaml")
    same_objects(yaml.safe_dump_all([*manifest(walkthrough), as_in_a_release(service)]), wanted("us-east", values))
    kinds = sorted(item["id"].split("_")[3] for item in found.status()["inventory"]["entries"])
    saw(f"Ready; equal; its inventory: {', '.join(kinds)}")


@pytest.mark.parametrize("major", [3, 4])
def test_from_the_post_renderer_and_back(major, here, region, installed, service, saw):
    """A post-rendered release goes to the Kustomization and back, by the commands of delivery.md."""
    walkthrough = here(major)
    before = installed(walkthrough, major)
    found = region(walkthrough)
    found.create()
    found.applied()
    found.releases.ready()
    assert not has_service(walkthrough)
    assert service() == before

    back(walkthrough, major, kustomization=True)
    until(lambda: found.cluster.request("GET", f"{KUSTOMIZATIONS}/nats")[0] == 404)
    assert has_service(walkthrough)
    assert service() == before
    saw("UID and address of the Service unchanged, also after the Kustomization with `prune: true` is deleted")


def test_from_patches_to_values(here, region, service, address, saw):
    """The component out and the values in, in one commit: the release takes the Service, which the pruning leaves."""
    walkthrough = here(4)
    found = region(walkthrough)
    found.create()
    found.applied()
    found.releases.ready()
    before = address()
    page = walkthrough.page("tools/flux")
    path = os.path.join(walkthrough.folder, "flux", "clusters", "us-east", "kustomization.yaml")
    with open(path, encoding="utf-8") as file:
        by_patches = file.read()
    walkthrough.write(page, "flux")
    walkthrough.shell(page.marked("sh")[0], "flux")
    found.commit()
    until(lambda: has_service(walkthrough))
    found.releases.ready()
    assert service() == before

    found.edit("clusters/us-east/kustomization.yaml", lambda _: by_patches)
    found.commit()
    until(lambda: not has_service(walkthrough))
    found.releases.ready()
    assert service() == before
    saw("UID and address of the Service unchanged, and again on the way back to patches")


def test_prune(here, region, cluster, address, service, saw):
    """A Kustomization that is deleted takes the HelmRelease and the release with it, and leaves the Service."""
    walkthrough = here(3)
    found = region(walkthrough)
    found.create()
    found.applied()
    found.releases.ready()
    before = address()
    assert cluster.request("DELETE", f"{KUSTOMIZATIONS}/nats")[0] == 200
    until(lambda: cluster.request("GET", found.releases.PATH)[0] == 404)
    assert cluster.request("GET", "/apis/apps/v1/namespaces/nats/statefulsets/nats")[0] == 404
    assert service() == before
    saw("the release is uninstalled; the same UID and address of the Service")


def test_one_region_after_the_other(here, region, cluster, saw):
    """`dependsOn` with `wait: true`: the second region waits until the HelmRelease of the first is Ready."""
    walkthrough = here(3)
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "second"}}
    assert cluster.request("POST", "/api/v1/namespaces", body)[0] == 201
    found = region(walkthrough)
    values = "base/values.yaml"
    found.edit(values, lambda text: text.replace("replicas: 3", "replicas: 5"))  # the patches are of three
    found.publish()
    found.create(wait=True, timeout="1m", retryInterval="5s")
    second = {"path": "examples/flux/clusters/eu-west", "targetNamespace": "second"}
    found.create(name="second", dependsOn=[{"name": "nats"}], retryInterval="5s", **second)
    until(lambda: "export again" in (found.releases.condition() or {}).get("message", ""))
    until(lambda: found.ready("second", "reason") == "DependencyNotReady")
    path = found.releases.PATH.replace("namespaces/nats", "namespaces/second")
    assert cluster.request("GET", path)[0] == 404

    found.edit(values, lambda text: text.replace("replicas: 5", "replicas: 3"))
    found.commit()
    found.applied("second")
    assert cluster.request("GET", path)[0] == 200
    saw("nothing of the second is applied while the first fails; after the commit that repairs it both are")
