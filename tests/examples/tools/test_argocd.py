"""The ways of docs/delivery.md between Helm and Argo CD, with `kubectl apply` in place of a sync."""

import pytest

pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize("major", [3, 4])
def test_from_helm_and_back(major, here, installed, service, saw):
    """What the plugin renders, applied onto a release's objects; Helm's record deleted; and Helm adopts them again."""
    walkthrough = here(major)
    before = installed(walkthrough, major)
    page = walkthrough.page("delivery")
    [forget], [adopt] = page.marked("sh forget"), page.marked("sh adopt")
    walkthrough.shell(
        "helm template nats nats/nats --version 2.14.2 -n nats -f values.yaml | "
        "natsvalues post-render --region=us-east | kubectl apply -n nats -f -",
        "argocd/nats",
    )
    walkthrough.shell(forget, "argocd/nats")
    assert walkthrough.shell("helm list -n nats -q", "argocd").stdout == ""
    assert service() == before

    walkthrough.shell(adopt, "argocd/nats")
    assert walkthrough.shell("helm list -n nats -q", "argocd").stdout == "nats\n"
    assert service() == before
    saw("UID and address of the Service unchanged")
