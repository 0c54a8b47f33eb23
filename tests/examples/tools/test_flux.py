"""Flux's own controllers with examples/flux and docs/tools/flux.md; kustomize and kubectl for its Kustomization."""

import os

import pytest
import yaml
from flux_releases import SERVICE, back, manifest, revision
from waiting import until

pytestmark = pytest.mark.timeout(600)


def test_the_example(here, flux, saw, wanted, same_objects, as_in_a_release):
    """The example, unedited, becomes Ready; its release and the Service beside it are what post-rendering gives."""
    walkthrough = here(3)
    walkthrough.follow("flux")
    running = flux(walkthrough)
    running.apply("clusters/us-east")
    message, seconds = running.ready()

    with open(os.path.join(walkthrough.folder, "flux", "by-flux", "us-east.yaml"), encoding="utf-8") as file:
        [service] = [value for value in yaml.safe_load_all(file) if value and value["kind"] == "Service"]
    values = os.path.join(walkthrough.folder, "flux", "base", "values.yaml")
    same_objects(yaml.safe_dump_all([*manifest(walkthrough), as_in_a_release(service)]), wanted("us-east", values))
    saw(f"Ready after {seconds:.0f} s ({message}); all objects equal but for Flux's two labels of origin")


def test_values(here, flux, saw, wanted, same_but_declared):
    """The page's form with values becomes Ready, and an edit of the overlay alone is an upgrade."""
    walkthrough = here(3)
    page = walkthrough.page("tools/flux")
    walkthrough.write(page, "flux")
    [command] = page.marked("sh")
    walkthrough.shell(command, "flux")
    running = flux(walkthrough)
    running.apply("clusters/us-east")
    _, seconds = running.ready()
    values = os.path.join(walkthrough.folder, "flux", "base", "values.yaml")
    same_but_declared(yaml.safe_dump_all(manifest(walkthrough)), wanted("us-east", values))

    overlay = os.path.join(os.path.dirname(walkthrough.folder), "charts", "overlays", "us-east.yaml")
    with open(overlay, encoding="utf-8") as file:
        value = yaml.safe_load(file)
    value["gateway"]["host"] = "elsewhere.example.com"
    with open(overlay, "w", encoding="utf-8") as file:
        yaml.safe_dump(value, file)
    walkthrough.shell(command.partition("\n")[2], "flux")
    running.apply("clusters/us-east")
    until(lambda: revision(walkthrough) == 2)
    running.ready()
    assert "elsewhere.example.com" in str(manifest(walkthrough))
    saw(f"Ready after {seconds:.0f} s; only what values declare differs; the edited overlay is revision 2")


def test_stale_patches(here, flux, saw):
    """Values that the patches were not made for: the HelmRelease is not Ready, and the release before goes on."""
    walkthrough = here(3)
    walkthrough.follow("flux")
    running = flux(walkthrough)
    running.apply("clusters/us-east")
    running.ready()
    before = manifest(walkthrough)
    values = os.path.join(walkthrough.folder, "flux", "base", "values.yaml")
    with open(values, "a", encoding="utf-8") as file:
        file.write("container: {merge: {imagePullPolicy: Always}}\n")
        file.write("natsBox: {enabled: false}\n")
    with open(values, encoding="utf-8") as file:
        text = file.read()
    with open(values, "w", encoding="utf-8") as file:
        file.write(text.replace("replicas: 3", "replicas: 5"))
    running.apply("clusters/us-east")
    running.touch()
    message, _ = running.ready("False")

    assert "export" in message
    assert manifest(walkthrough) == before
    assert revision(walkthrough) == 1
    saw(f"`{message.partition('testing value ')[2]}`")


@pytest.mark.parametrize("major", [3, 4])
def test_from_the_post_renderer_and_back_by_patches(major, here, flux, installed, service, saw):
    """From a post-rendered release to the example's HelmRelease, and back, as delivery.md says."""
    walkthrough = here(major)
    before = installed(walkthrough, major)
    walkthrough.follow("flux")
    running = flux(walkthrough)
    running.apply("clusters/us-east")
    running.ready()
    assert revision(walkthrough) == 2
    assert SERVICE not in [(value["kind"], value["metadata"]["name"]) for value in manifest(walkthrough)]
    assert service() == before

    back(walkthrough, major)
    assert service() == before
    assert SERVICE in [(value["kind"], value["metadata"]["name"]) for value in manifest(walkthrough)]
    compared = walkthrough.blocks(f"helm{major}", "sh cluster")[1]
    assert walkthrough.shell(compared, f"helm{major}").stdout.startswith("No differences\n")
    saw(f"UID and address of the Service unchanged, revisions 2 and {revision(walkthrough)} of the same release")


def test_without_the_annotation(here, flux, installed, service, saw):
    """The same without the annotations of gateway.yaml: the load balancer is lost."""
    walkthrough = here(4)
    before = installed(walkthrough, 4)
    walkthrough.follow("flux")
    walkthrough.shell("sed -i /resource-policy/d clusters/us-east/natsvalues/gateway.yaml", "flux")
    running = flux(walkthrough)
    running.apply("clusters/us-east")
    running.ready()

    assert service() != before
    saw("the Service is gone" if service() is None else "another UID, and no address")


@pytest.mark.parametrize("major", [3, 4])
def test_from_the_post_renderer_and_back_by_values(major, here, flux, installed, service, saw):
    """From a post-rendered release to a HelmRelease with values, and back; the Service stays in the release."""
    walkthrough = here(major)
    before = installed(walkthrough, major)
    page = walkthrough.page("tools/flux")
    walkthrough.write(page, "flux")
    walkthrough.shell(page.marked("sh")[0], "flux")
    running = flux(walkthrough)
    running.apply("clusters/us-east")
    running.ready()
    assert revision(walkthrough) == 2
    assert service() == before

    back(walkthrough, major)
    assert service() == before
    assert revision(walkthrough) == 3
    saw("UID and address of the Service unchanged")


def test_back_with_helm_4_needs_an_option(here, flux, installed, service, saw):
    """Helm 4 without --force-conflicts fails on the way back; with it the upgrade repairs what that left."""
    walkthrough = here(4)
    before = installed(walkthrough, 4)
    walkthrough.follow("flux")
    running = flux(walkthrough)
    running.apply("clusters/us-east")
    running.ready()
    with pytest.raises(pytest.fail.Exception, match=r"conflict with .+helm-controller"):
        back(walkthrough, 4, forced=False)
    upgrade = walkthrough.page("delivery").marked("sh to-post-renderer")[0]
    walkthrough.shell(upgrade.replace("helm upgrade ", "helm upgrade --force-conflicts "), "flux/base")

    assert service() == before
    saw('`Apply failed with 1 conflict: conflict with "helm-controller"`; then the same UID and address')


def test_drift(here, flux, cluster, saw):
    """With driftDetection an edited ConfigMap of the release is corrected."""
    walkthrough = here(3)
    walkthrough.follow("flux")
    running = flux(walkthrough)
    running.apply("clusters/us-east")
    running.ready()
    merge = "application/merge-patch+json"
    body = {"spec": {"driftDetection": {"mode": "enabled"}}}
    assert cluster.request("PATCH", running.PATH, body, content=merge)[0] == 200
    running.ready()
    path = "/api/v1/namespaces/nats/configmaps/nats-config"
    kept = cluster.request("GET", path)[1]["data"]
    assert cluster.request("PATCH", path, {"data": {"nats.conf": "{}"}}, content=merge)[0] == 200
    running.touch()
    until(lambda: cluster.request("GET", path)[1]["data"] == kept)
    saw("corrected")
