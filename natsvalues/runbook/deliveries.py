"""The commands of a change of delivery: what docs/delivery.md shows and `natsvalues plan --to` prints.

facts: the page. tests/cluster/test_delivery.py runs its blocks with Helm 3 and 4 on a real API server, and
tests/runbook/test_deliveries.py compares them with this table, word by word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.records import NamedTuple

if TYPE_CHECKING:
    from natsvalues.runbook.commands import Target


class Names(NamedTuple):
    """What the commands name. `install` is `--install ` where helm has no release of it; `version` has its option."""

    target: Target
    helm: str = "helm"
    kubectl: str = "kubectl"
    service: str = "nats-gateway"
    version: str = ""
    install: str = ""
    helmrelease: str = "nats"
    helmrelease_namespace: str = "nats"


LOOK = """\
%(kubectl)s get service %(service)s -n %(namespace)s -o \
'jsonpath={.metadata.uid} {.status.loadBalancer.ingress}{"\\n"}'"""
TO_VALUES = """\
natsvalues values %(region)s --chart %(chart)s%(chart_version)s %(files)s -o %(region)s.values.yaml
%(helm)s upgrade %(install)s%(release)s %(chart)s%(version)s -n %(namespace)s -f %(region)s.values.yaml"""
TO_POST_RENDERER = """\
%(helm)s upgrade %(install)s%(release)s %(chart)s%(version)s -n %(namespace)s %(files)s \\
  --post-renderer natsvalues --post-renderer-args --region=%(region)s"""
TO_FLUX = """\
helm template %(release)s %(chart)s%(version)s -n %(namespace)s %(files)s \
| natsvalues export flux %(region)s -o flux"""
KEEP = "%(kubectl)s annotate service %(service)s -n %(namespace)s helm.sh/resource-policy=keep --overwrite"
SUSPEND = """\
%(kubectl)s patch kustomization nats -n flux-system --type=merge -p '{"spec":{"suspend":true}}'
%(kubectl)s patch helmrelease %(helmrelease)s -n %(helmrelease_namespace)s --type=merge \
-p '{"spec":{"suspend":true}}'"""
_MARKS = "meta.helm.sh/release-name=%(release)s meta.helm.sh/release-namespace=%(namespace)s"
_MANAGED = "app.kubernetes.io/managed-by=Helm"
FROM_FLUX = f"""\
%(kubectl)s annotate service %(service)s -n %(namespace)s --overwrite \\
  {_MARKS}
%(kubectl)s label service %(service)s -n %(namespace)s --overwrite {_MANAGED}"""
REMOVE_FLUX = """\
%(kubectl)s delete helmrelease %(helmrelease)s -n %(helmrelease_namespace)s
%(kubectl)s delete kustomization nats -n flux-system"""
FORGET = "%(kubectl)s delete secret -n %(namespace)s -l owner=helm,name=%(release)s"
ARGOCD = """\
%(kubectl)s patch application nats -n argocd --type=merge -p '{"metadata":{"finalizers":null}}'
%(kubectl)s delete application nats -n argocd"""
ADOPT = f"""\
kinds=statefulset,deployment,service,configmap,secret,serviceaccount,poddisruptionbudget
%(kubectl)s annotate $kinds -n %(namespace)s -l app.kubernetes.io/instance=%(release)s --overwrite \\
  {_MARKS}
%(kubectl)s label $kinds -n %(namespace)s -l app.kubernetes.io/instance=%(release)s --overwrite {_MANAGED}"""


def block(text: str, names: Names) -> str:
    """The commands as lines, those that are long in several."""
    target = names.target
    namespace = target.namespace or "NAMESPACE"
    return text % {
        **names._asdict(),
        "region": target.region,
        "release": target.release,
        "namespace": namespace,
        "chart": target.chart,
        "version": f" --version {names.version}" if names.version else "",
        "chart_version": f" --chart-version {names.version}" if names.version else "",
        "files": " ".join(f"-f {file}" for file in target.values or ("values.yaml",)),
    }


def commands(text: str, names: Names) -> tuple[str, ...]:
    """The commands, each in one line."""
    return tuple(block(text, names).replace(" \\\n ", "").splitlines())
