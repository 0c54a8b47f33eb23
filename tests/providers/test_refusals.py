"""What profiles refuse or warn of, each because of a fact about the provider or about NATS gateways."""

import pytest

from natsvalues.providers import load, names

KUBERNETES = "service.beta.kubernetes.io/"
PUBLIC = "reachable from outside, and loadBalancer.sourceRanges is empty"


@pytest.mark.parametrize(
    ("key", "text"),
    [
        (f"{KUBERNETES}aws-load-balancer-proxy-protocol", "*"),
        (f"{KUBERNETES}aws-load-balancer-proxy-protocol-per-target-group", "7222"),
        (f"{KUBERNETES}aws-load-balancer-target-group-attributes", "a=b,proxy_protocol_v2.enabled=true"),
        (f"{KUBERNETES}do-loadbalancer-enable-proxy-protocol", "true"),
        (f"{KUBERNETES}linode-loadbalancer-default-proxy-protocol", "v2"),
        (f"{KUBERNETES}linode-loadbalancer-port-7222", '{"protocol": "tcp", "proxy-protocol": "v2"}'),
        (f"{KUBERNETES}oci-load-balancer-connection-proxy-protocol-version", "2"),
        (f"{KUBERNETES}alibaba-cloud-loadbalancer-proxy-protocol", "on"),
        (f"{KUBERNETES}azure-pls-proxy-protocol", "True"),
        ("load-balancer.hetzner.cloud/uses-proxyprotocol", "true"),
        ("loadbalancer.openstack.org/proxy-protocol", "v1"),
        ("oci-network-load-balancer.oraclecloud.com/is-ppv2-enabled", "true"),
    ],
)
@pytest.mark.parametrize("name", ["generic", "aws-lbc-ip"])
def test_the_proxy_protocol_is_refused(shaped, name, key, text):
    """A NATS gateway closes every connection that begins with a PROXY header."""
    (error,) = shaped(name, annotations={key: text}).errors

    assert key in error
    assert "PROXY" in error


@pytest.mark.parametrize(
    ("key", "text"),
    [
        (f"{KUBERNETES}aws-load-balancer-ssl-cert", "arn:aws:acm:example"),
        (f"{KUBERNETES}aws-load-balancer-ssl-ports", "7222"),
        (f"{KUBERNETES}aws-load-balancer-backend-protocol", "ssl"),
        (f"{KUBERNETES}do-loadbalancer-certificate-id", "1"),
        (f"{KUBERNETES}do-loadbalancer-protocol", "https"),
        (f"{KUBERNETES}oci-load-balancer-ssl-ports", "7222"),
        (f"{KUBERNETES}oci-load-balancer-tls-secret", "a/b"),
        (f"{KUBERNETES}linode-loadbalancer-default-protocol", "https"),
        (f"{KUBERNETES}linode-loadbalancer-port-7222", '{"protocol": "https", "tls-secret-name": "x"}'),
        (f"{KUBERNETES}alibaba-cloud-loadbalancer-cert-id", "1"),
        (f"{KUBERNETES}alicloud-loadbalancer-protocol-port", "https:7222"),
        ("load-balancer.hetzner.cloud/http-certificates", "1"),
        ("load-balancer.hetzner.cloud/protocol", "https"),
        ("loadbalancer.openstack.org/default-tls-container-ref", "x"),
    ],
)
def test_tls_at_the_load_balancer_is_refused(shaped, key, text):
    """Gateways do TLS with each other; a load balancer that ends it breaks the certificates."""
    (error,) = shaped("generic", annotations={key: text}).errors

    assert key in error
    assert "TLS" in error


@pytest.mark.parametrize(
    ("key", "text"),
    [
        (f"{KUBERNETES}do-loadbalancer-enable-proxy-protocol", "false"),
        (f"{KUBERNETES}linode-loadbalancer-default-proxy-protocol", "none"),
        (f"{KUBERNETES}aws-load-balancer-target-group-attributes", "proxy_protocol_v2.enabled=false"),
        ("load-balancer.hetzner.cloud/health-check-http-validate-certificate", "true"),
        ("load-balancer.hetzner.cloud/protocol", "tcp"),
        ("service.beta.openshift.io/serving-cert-secret-name", "x"),
    ],
)
def test_what_is_switched_off_is_not_refused(shaped, key, text):
    """An explicit no, and keys that only look alike, pass."""
    assert shaped("generic", annotations={key: text}).errors == ()


def test_an_option_is_refused_like_an_annotation(shaped):
    """What an option renders is checked as well."""
    attributes = {"targetGroupAttributes": "proxy_protocol_v2.enabled=true"}

    assert "PROXY" in shaped("aws-lbc-ip", options=attributes).errors[0]


@pytest.mark.parametrize("name", names())
def test_a_public_gateway_without_source_ranges_is_a_warning(shaped, name):
    """Whoever asks for reachability from outside, or gets it by default, is told to limit it."""
    profile = load(name)
    options = {k: v for k, v in (profile.example.options or {}).items() if not profile.options[k].restricts}
    if "sourceRanges" not in profile.inputs or profile.inputs["scheme"].one_of == ("internal",):
        return

    open_to_all = shaped(name, scheme="internet-facing", source_ranges=(), options=options)
    limited = shaped(name, scheme="internet-facing", source_ranges=("203.0.113.0/24",), options=options)

    assert PUBLIC in "\n".join(open_to_all.warnings)
    assert PUBLIC not in "\n".join(limited.warnings)


@pytest.mark.parametrize(
    ("name", "fields", "part"),
    [
        ("gcp-internal", {"source_ranges": ("10.0.0.0/8",)}, "health probes (35.191.0.0/16)"),
        ("gcp-external", {"source_ranges": ("10.0.0.0/8",)}, "health probes (35.191.0.0/16)"),
        ("azure-public", {"source_ranges": ("10.0.0.0/8",)}, "health probes (168.63.129.16)"),
        ("azure-internal", {"source_ranges": ("10.0.0.0/8",)}, "health probes (168.63.129.16)"),
        ("openshift-azure", {"source_ranges": ("10.0.0.0/8",)}, "health probes (168.63.129.16)"),
        ("gcp-internal", {"options": {"globalAccess": "false"}}, "other Google Cloud regions cannot reach"),
        ("aws-lbc-ip", {"options": {"securityGroups": "sg-1"}}, "sourceRanges is ignored"),
        (
            "aws-lbc-ip",
            {"annotations": {f"{KUBERNETES}aws-load-balancer-security-groups": "sg-1"}},
            "sourceRanges is ignored",
        ),
        ("aws-lbc-ip", {"external_traffic_policy": "Local"}, "has no effect"),
        ("aws-lbc-instance", {"external_traffic_policy": None}, "logs an error for each check"),
        ("aws-lbc-instance", {"options": {"exposeMonitor": "true"}}, "requires no password"),
        ("aws-ccm-nlb", {"external_traffic_policy": None}, "logs an error for each check"),
        ("metallb", {"external_traffic_policy": "Local"}, "only the servers on the announcing node"),
        ("metallb", {"source_ranges": ("10.0.0.0/8",)}, "was not verified"),
        ("generic", {"source_ranges": ("10.0.0.0/8",)}, "is unknown"),
        ("oci-nlb", {"options": {"securityListMode": "None"}}, "stays closed"),
        ("hetzner", {"options": {"location": "fsn1"}}, "logs an error for each check"),
        ("linode", {}, "logs an error for each check"),
    ],
)
def test_a_doubtful_wish_is_a_warning(shaped, name, fields, part):
    """What may work but has a catch is rendered, with a warning that says the catch."""
    result = shaped(name, **fields)

    assert result.errors == ()
    assert part in "\n".join(result.warnings)


@pytest.mark.parametrize(
    ("name", "fields", "part"),
    [
        ("kube-vip", {"external_traffic_policy": "Local"}, "externalTrafficPolicy must be Cluster"),
        ("aws-lbc-ip", {"addresses": ("e-1", "e-2"), "subnets": ("s-1",)}, "one address for each subnet"),
        ("aws-ccm-nlb", {"addresses": ("e-1",)}, "is not available for an internal load balancer"),
        ("hetzner", {"options": {"location": "fsn1", "networkZone": "eu-central"}}, "only one is allowed"),
        ("hetzner", {"options": {}}, "options.location or loadBalancer.options.networkZone must be set"),
        ("gcp-external", {"scheme": "internal"}, "accepts internet-facing"),
        ("gcp-internal", {"scheme": "internet-facing"}, "accepts internal"),
        ("linode", {"options": {"checkType": "http"}}, "accepts connection, none"),
        ("linode", {"annotations": {f"{KUBERNETES}linode-loadbalancer-check-type": "http"}}, "always fail"),
        ("openshift-route-passthrough", {"tls": False}, "gateways with TLS"),
        ("openshift-route-passthrough", {"host": "192.0.2.1"}, "needs a host name"),
        ("openshift-route-passthrough", {"host": "2001:db8::1"}, "needs a host name"),
        ("openshift-route-passthrough", {"port": 7222}, "set gateway.port to 443"),
        ("openshift-route-passthrough", {"source_ranges": ("10.0.0.0/8",)}, "loadBalancer.sourceRanges"),
        ("alibaba-clb", {"options": {"backendType": "eni", "monitorNodePort": "30822"}}, "remove it"),
        ("ovh", {"options": {"flavor": "small", "flavorId": "1"}}, "remove one"),
    ],
)
def test_an_impossible_wish_is_an_error(shaped, name, fields, part):
    """What cannot work is refused, with the reason."""
    assert part in "\n".join(shaped(name, **fields).errors)
