"""What the tests of Flux ask about its release, and the way back to Helm."""

import yaml

LABELS = ("helm.toolkit.fluxcd.io/name", "helm.toolkit.fluxcd.io/namespace")
SERVICE = ("Service", "nats-gateway")


def documents(text):
    """The objects of a stream, without Flux's two labels of origin, as a stream."""
    found = [value for value in yaml.safe_load_all(text) if value]
    for value in found:
        for label in LABELS:
            value["metadata"].get("labels", {}).pop(label, None)
    return found


def manifest(walkthrough):
    """The release's own objects and its hooks, as helm reports them."""
    words = "helm get manifest nats -n nats; echo ---; helm get hooks nats -n nats"
    return documents(walkthrough.shell(words, "flux").stdout)


def revision(walkthrough):
    """The newest revision of the release."""
    shown = walkthrough.shell("helm history nats -n nats -o yaml", "flux").stdout
    return yaml.safe_load(shown)[-1]["revision"]


def back(walkthrough, major, *, forced=True, kustomization=False):
    """Go back to the post-renderer as docs/delivery.md says, where there is a Kustomization of Flux or none."""
    page = walkthrough.page("delivery")
    suspend, delete = page.marked("sh flux")
    upgrade = page.marked("sh to-post-renderer")[0]
    for text in (suspend, *page.marked("sh from-flux"), upgrade, delete):
        commands = "\n".join(line for line in text.splitlines() if kustomization or " kustomization " not in line)
        if major == 4 and forced:
            commands = commands.replace("helm upgrade ", "helm upgrade --force-conflicts ")
        walkthrough.shell(commands, "flux/base")
