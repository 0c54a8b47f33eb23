"""What Flux applies beside a release: its post-renderers add no object; `export flux` has the gateway's Service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.diff.changes import Note
from natsvalues.manifests.chart import MANAGED_BY_LABEL, all_nats
from natsvalues.manifests.objects import HELM_RELEASE, Entry, entries
from natsvalues.manifests.stamps import REGION, RESTART_DIGEST, stamped_region
from natsvalues.text.natsconf import ConfSyntaxError, read, symbolic

if TYPE_CHECKING:
    from natsvalues.diff.sides import Side


def beside(old: Side, new: Side) -> list[Entry]:
    """The Services and Routes that the new side adds, and Flux applies beside the old one.

    So it is where the old release is Flux', with natsvalues' patches (values have no restart digest) and a gateway.
    """
    if not old.release.mentioning(HELM_RELEASE, RESTART_DIGEST) or not _has_gateway(old):
        return []
    stamped = [
        entry for entry in entries(new.release, new.release.mentioning(REGION)) if stamped_region(entry.manifest)
    ]
    return [entry for entry in stamped if entry.key.kind in ("Service", "Route") and not _has(old, entry)]


def _has(side: Side, entry: Entry) -> bool:
    kind, name = entry.key.kind, entry.key.name
    likely = entries(side.release, side.release.mentioning(kind, name))
    return any((item.key.kind, item.key.name) == (kind, name) for item in likely)


def _has_gateway(side: Side) -> bool:
    try:
        return any("gateway" in symbolic(read(nats.conf)) for nats in all_nats(side.release))
    except ConfSyntaxError:
        return False


def note(entry: Entry, old: Side) -> Note:
    """That an object is beside the release, and how Helm takes it where the release shall have it."""
    kind, name = entry.key.kind.lower(), entry.key.name
    release, namespace = old.about.release or "RELEASE", old.about.namespace or entry.key.namespace or "NAMESPACE"
    return Note(
        "none",
        f"{entry.key.kind}/{name} is not in the old release: Flux applies it beside that (gateway.yaml of `natsvalues "
        "export flux`), and it is not compared; --live compares it with the cluster",
        "nothing, if Flux stays. Helm itself refuses to take it into a release until it has Helm's marks:\n"
        f"kubectl annotate {kind} {name} -n {namespace} --overwrite \\\n"
        f"  meta.helm.sh/release-name={release} \\\n"
        f"  meta.helm.sh/release-namespace={namespace}\n"
        f"kubectl label {kind} {name} -n {namespace} --overwrite \\\n"
        f"  {MANAGED_BY_LABEL}=Helm",
    )
