"""OpenShift's router, as `oc get` shows a Route and the ingress controllers.

Not run: the shapes are those of the API's reference, and of outputs that users published.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.doctor.clouds.answers import Asking, entries, first_reason, part, text
from natsvalues.doctor.clouds.seen import CloudSeen, ListenerSeen, LoadBalancerSeen

if TYPE_CHECKING:
    from natsvalues.doctor.clouds.seen import Scheme
    from natsvalues.outside.cloud_cli import Ask

ROUTER_PORT = 443
"""Where the router accepts TLS."""
_SCOPES: dict[str, Scheme] = {"Internal": "internal", "External": "internet-facing"}


def look(namespace: str, service: str, words: tuple[str, ...], ask: Ask) -> CloudSeen:
    """The Route that leads to a Service; `words` choose the cluster, as for kubectl."""
    asking = Asking(ask)
    routes, controllers = asking(
        ("oc", "get", "routes.route.openshift.io", f"--namespace={namespace}", "--output=json", *words),
        (
            "oc",
            "get",
            "ingresscontrollers.operator.openshift.io",
            "--namespace=openshift-ingress-operator",
            "--output=json",
            *words,
        ),
    )
    place = f"namespace {namespace}"
    route = next((item for item in entries(routes.value, "items") if text(item, "spec", "to", "name") == service), None)
    if route is None:
        reason = first_reason([routes]) or f"{place} has no Route to Service {service}"
        return CloudSeen("openshift", place, None, not routes.reason, reason, tuple(asking.commands))
    balancer = _router(route, entries(controllers.value, "items"))
    return CloudSeen("openshift", place, balancer, commands=tuple(asking.commands))


def _router(route: Any, controllers: list[dict[str, Any]]) -> LoadBalancerSeen:
    """The routers that admitted a Route, as one load balancer. A router sends to the endpoints of the Service."""
    ingress = entries(route, "status", "ingress")
    admitted = [entry for entry in ingress if _admits(entry)]
    names = [text(entry, "routerName") for entry in admitted]
    used = [item for item in controllers if text(item, "metadata", "name") in names]
    published = [part(item, "status", "endpointPublishingStrategy") for item in used]
    refusals = [
        text(condition, "message") or text(condition, "reason")
        for entry in ingress
        for condition in entries(entry, "conditions")
        if text(condition, "type") == "Admitted" and text(condition, "status") == "False"
    ]
    state = "" if admitted else f"no router admitted it: {'; '.join(refusals) or 'none answered'}"
    termination = text(route, "spec", "tls", "termination")
    return LoadBalancerSeen(
        cloud="openshift",
        kind="route",
        name=text(route, "metadata", "name"),
        region="",
        scheme=next((_SCOPES.get(text(item, "loadBalancer", "scope"), "") for item in published), ""),
        state=state,
        listeners=(ListenerSeen(ROUTER_PORT, "TCP" if termination == "passthrough" else "TLS", ()),),
        groups=None,
        attributes={
            "host": ", ".join(dict.fromkeys(text(entry, "host") for entry in admitted)),
            "router": ", ".join(names),
            "published by": ", ".join(filter(None, (text(item, "type") for item in published))),
        },
        proxy_protocol=False,  # the router takes a PROXY header for itself, and sends none on
    )


def _admits(entry: dict[str, Any]) -> bool:
    return any(
        text(condition, "type") == "Admitted" and text(condition, "status") == "True"
        for condition in entries(entry, "conditions")
    )
