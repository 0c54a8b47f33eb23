"""What a changed annotation of a load balancer does, of every provider by what its profile states."""

import pytest

from natsvalues.diff.changes import LEVELS
from natsvalues.diff.impact.annotations import effects
from natsvalues.providers import Inputs, load, names, shape
from natsvalues.providers.meaning import meaning_of

pytestmark = pytest.mark.helm
BETA = "service.beta.kubernetes.io/"
LBC = f"{BETA}aws-load-balancer-"
PATH = "/healthz?js-server-only=true"


def shaped(name, **fields):
    """A provider's example, with fields of its load balancer replaced."""
    profile = load(name)
    port = 443 if profile.object == "Route" else 7222
    return shape(profile, Inputs(profile.example._replace(**fields), "nats-gw-us-east.example.com", port))


def release(objects, made):
    """The release with a gateway Service of this shape."""
    new = objects.copy()
    service = new["Service", "nats-gateway"]
    service["metadata"]["annotations"] = dict(made.annotations)
    service["spec"] = {**service["spec"], **made.spec}
    service["spec"]["ports"] = [service["spec"]["ports"][0], *made.ports]
    return new


def annotated(objects, annotations, *ports):
    """The release whose gateway Service has these annotations, and further ports."""
    new = objects.copy()
    service = new["Service", "nats-gateway"]
    service["metadata"]["annotations"] = annotations
    service["spec"]["ports"] = [service["spec"]["ports"][0], *ports]
    return new


def worst(told):
    """The worst level of the changes of the gateway's Service."""
    levels = [level for place, level in told.levels.items() if place.startswith("Service/nats-gateway")]
    return max(levels, key=LEVELS.index, default="none")


@pytest.mark.parametrize("name", [name for name in names() if "addresses" in load(name).inputs])
def test_another_address_is_an_outage(name, objects, tell):
    """Whoever connects to the old address fails, whichever annotation or field holds it."""
    public = {"scheme": "internet-facing"} if name in ("aws-ccm-nlb", "openshift-aws") else {}
    one, other = (
        release(objects, shaped(name, **public, addresses=(address,))) for address in ("192.0.2.10", "192.0.2.77")
    )

    assert worst(tell(one, other)) == "outage"


@pytest.mark.parametrize("name", [name for name in names() if "subnets" in load(name).inputs])
def test_another_subnet_is_an_outage(name, objects, tell):
    """The load balancer moves, and its address with it."""
    one, other = (release(objects, shaped(name, subnets=(subnet,))) for subnet in ("subnet-1", "subnet-2"))

    assert worst(tell(one, other)) == "outage"


@pytest.mark.parametrize(
    "name", [name for name in names() if meaning_of({"metadata": {"annotations": shaped(name).annotations}}).checks]
)
def test_another_health_check_has_an_effect(name, objects, tell):
    """Each part of a check that a profile writes: a change is applied, or fails for every server."""
    made = shaped(name)
    checks = meaning_of({"metadata": {"annotations": made.annotations}}).checks
    parts = [part for check in checks for part in (check.protocol, check.port, check.path, check.interval) if part]
    for part in parts:
        new = {**made.annotations, part.key: "/other" if part.means == "checkPath" else "9"}
        assert worst(tell(release(objects, made), release(objects, made._replace(annotations=new)))) in (
            *("reload", "outage"),
        ), part.key


@pytest.mark.parametrize("name", names())
def test_every_meaning_is_judged(name):
    """An annotation that decides on addresses, access or checks has an effect when it goes; `none` has none."""
    harmless = {"none", "draining", "idleTimeout", "scope", "noListener", "proxyProtocol", "tls", "otherRegions"}
    made = shaped(name)
    before = {"metadata": {"annotations": made.annotations}, "spec": {}}
    for annotation in meaning_of(before).annotations:
        rest = {key: text for key, text in made.annotations.items() if key != annotation.key}
        judged = effects(before, {"metadata": {"annotations": rest}, "spec": {}}, annotation.key, None)
        assert judged or annotation.means in harmless, annotation.key
        assert not judged or annotation.means != "none", annotation.key


def test_http_to_the_gateway_fails_whatever_its_port_is_called(objects, tell):
    """The Service's target port is looked up in the container."""
    check = f"{BETA}linode-loadbalancer-check-type"
    old, new = (annotated(objects, {check: text}) for text in ("connection", "http"))
    for release in (old, new):
        next(port for port in release.container["ports"] if port["name"] == "gateway")["name"] = "links"
        release["Service", "nats-gateway"]["spec"]["ports"][0]["targetPort"] = "links"

    assert worst(tell(old, new)) == "outage"


MONITOR = {"name": "monitor", "port": 8222, "targetPort": "monitor"}
CASES = {
    "the path needs a leader, and the load balancer fails open": (
        {f"{LBC}nlb-target-type": "ip", f"{LBC}healthcheck-protocol": "http", f"{LBC}healthcheck-port": "8222"},
        *({f"{LBC}healthcheck-path": PATH}, {f"{LBC}healthcheck-path": "/healthz"}),
        *("reload", "checks `/healthz`"),
    ),
    "the path is another one without leader": (
        {f"{LBC}nlb-target-type": "ip", f"{LBC}healthcheck-protocol": "http", f"{LBC}healthcheck-port": "8222"},
        *({f"{LBC}healthcheck-path": PATH}, {f"{LBC}healthcheck-path": "/healthz?js-enabled-only=true"}),
        *("reload", "checks `/healthz?js-enabled-only=true`"),
    ),
    "HTTP to the gateway's port": (
        {},
        *({f"{BETA}linode-loadbalancer-check-type": "connection"}, {f"{BETA}linode-loadbalancer-check-type": "http"}),
        *("outage", "a gateway speaks no HTTP"),
    ),
    "a port that is not there": (
        {f"{BETA}do-loadbalancer-override-health-check": "true"},
        {f"{BETA}do-loadbalancer-healthcheck-port": "8222"},
        {f"{BETA}do-loadbalancer-healthcheck-port": "8223"},
        *("outage", "the Service has no port 8223"),
    ),
    "wider ranges": (
        {},
        {f"{BETA}azure-allowed-ip-ranges": "10.0.0.0/8"},
        {f"{BETA}azure-allowed-ip-ranges": "10.0.0.0/8,0.0.0.0/0"},
        *("exposure", "accepts more addresses: 0.0.0.0/0"),
    ),
    "narrower ranges": (
        {},
        {f"{BETA}load-balancer-source-ranges": "10.0.0.0/8, 192.0.2.0/24"},
        {f"{BETA}load-balancer-source-ranges": "192.0.2.0/24"},
        *("outage", "no longer accepts: 10.0.0.0/8"),
    ),
    "another security group": (
        {},
        *({f"{LBC}security-groups": "sg-1"}, {f"{LBC}security-groups": "sg-2"}),
        *("exposure", "it may be others"),
    ),
    "a first firewall": (
        *({}, {}, {f"{BETA}linode-loadbalancer-firewall-id": "7"}),
        *("outage", "limits who may connect"),
    ),
    "PROXY protocol in an attribute": (
        {},
        {f"{LBC}target-group-attributes": "proxy_protocol_v2.enabled=false"},
        {f"{LBC}target-group-attributes": "proxy_protocol_v2.enabled=true"},
        *("outage", "begins every connection with a PROXY header"),
    ),
    "TLS at the load balancer": (
        *({}, {}, {f"{LBC}ssl-cert": "arn:aws:acm:example"}),
        *("outage", "ends TLS or speaks HTTP"),
    ),
    "no global access": (
        {"networking.gke.io/load-balancer-type": "Internal"},
        {"networking.gke.io/internal-load-balancer-allow-global-access": "true"},
        {},
        *("outage", "other regions no longer reach"),
    ),
    "the monitor port on the load balancer": (
        {},
        {f"{BETA}port_8222_no_lb_rule": "true"},
        {},
        *("exposure", "port 8222 becomes reachable"),
    ),
    "from intranet to internet": (
        {},
        {f"{BETA}alibaba-cloud-loadbalancer-address-type": "intranet"},
        {f"{BETA}alibaba-cloud-loadbalancer-address-type": "internet"},
        *("exposure", "becomes reachable from outside the network"),
    ),
    "an old spelling": (
        {},
        {"metallb.universe.tf/loadBalancerIPs": "192.0.2.1"},
        {"metallb.universe.tf/loadBalancerIPs": "192.0.2.2"},
        *("outage", "decides which address"),
    ),
    "a provider without a profile": (
        {},
        {f"{BETA}scw-loadbalancer-id": "1"},
        {f"{BETA}scw-loadbalancer-id": "2"},
        *("outage", "decides which address"),
    ),
    "the same addresses in another order": (
        {},
        {"metallb.io/loadBalancerIPs": "192.0.2.1,2001:db8::1"},
        {"metallb.io/loadBalancerIPs": "2001:db8::1,192.0.2.1"},
        *("none", ""),
    ),
    "an idle timeout": (
        {},
        {f"{LBC}listener-attributes.TCP-7222": "tcp.idle_timeout.seconds=350"},
        {f"{LBC}listener-attributes.TCP-7222": "tcp.idle_timeout.seconds=600"},
        *("none", ""),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_change_of_meaning_is_judged(case, objects, tell):
    """What others lose, what becomes reachable, and what is only applied."""
    common, before, after, level, reason = CASES[case]
    old, new = (annotated(objects, {**common, **texts}, MONITOR) for texts in (before, after))

    told = tell(old, new)
    impacts = [change.impact for item in told.diff.objects for change in item.changes if item.key.kind == "Service"]

    assert worst(told) == level
    assert any(reason in impact.reason for impact in impacts)
