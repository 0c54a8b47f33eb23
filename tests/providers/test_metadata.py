"""The form of shapes: valid keys, texts that stay texts, a fixed order, the user's own entries on top."""

import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from natsvalues.providers import HealthCheck, Inputs, load, names, shape
from natsvalues.providers.load_balancer import LoadBalancer

KEY = re.compile(r"([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
SPEC_FIELDS = {
    "Service": {
        *("allocateLoadBalancerNodePorts", "externalTrafficPolicy", "loadBalancerClass", "loadBalancerIP"),
        "loadBalancerSourceRanges",
    },
    "Route": {"host", "port", "tls", "wildcardPolicy"},
}
TEXT = st.text("abcxyz019{}.,-= \"'%é", max_size=12)
LISTS = st.lists(TEXT, max_size=3).map(tuple)


def everything(profile):
    """Give every input and option of a profile some value."""
    options = {name: (taken.one_of or (str(taken.low or "x"),))[0] for name, taken in profile.options.items()}
    return LoadBalancer(
        scheme=(profile.inputs["scheme"].one_of or ("internal",))[0] if "scheme" in profile.inputs else None,
        addresses=("192.0.2.1",),
        subnets=("a",),
        source_ranges=("203.0.113.0/24",),
        external_traffic_policy="Cluster",
        options=options,
    )


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("scheme", [None, "internal", "internet-facing"])
def test_keys_and_values_are_kubernetes_own(name, scheme):
    """Annotation keys are valid, all their values are texts, and spec has known fields only."""
    profile = load(name)
    balancer = everything(profile)
    result = shape(profile, Inputs(balancer._replace(scheme=scheme or balancer.scheme), "gw.example.com", 7222, True))

    for key, text in {**result.annotations, **result.labels}.items():
        assert KEY.fullmatch(key), key
        assert isinstance(text, str)
        assert "{" not in text
        assert "nothing" not in text
    assert set(result.spec) <= SPEC_FIELDS[result.object_kind]
    assert all(set(port) <= {"name", "port", "targetPort", "nodePort"} for port in result.ports)


@pytest.mark.parametrize("name", names())
def test_numbers_and_booleans_stay_texts(name):
    """What looks like a number or a boolean is a text in annotations and a number in ports."""
    profile = load(name)
    result = shape(profile, Inputs(everything(profile), "gw.example.com", 7222))

    assert all(type(text) is str for text in result.annotations.values())
    assert all(type(port[field]) is int for port in result.ports for field in port if field != "name")


@pytest.mark.parametrize("name", ["aws-lbc-ip", "aws-eks-auto", "azure-public", "azure-internal", "openshift-azure"])
def test_the_monitor_port_is_checked_where_it_can_be(shaped, name):
    """The path keeps its query, the port is the monitor's, and HTTPS monitoring is asked over HTTPS."""
    result = shaped(name, health=HealthCheck("/healthz?js-enabled-only=true", 18222, "HTTPS"))
    texts = list(result.annotations.values())

    assert "/healthz?js-enabled-only=true" in texts
    assert "18222" in texts
    assert "https" in texts


def test_azure_keys_follow_the_advertised_port(shaped):
    """Azure's probe keys carry the Service's port, and keep the monitor port off the frontend."""
    result = shaped("azure-public", port=4443)

    assert result.annotations["service.beta.kubernetes.io/port_4443_health-probe_port"] == "8222"
    assert result.annotations["service.beta.kubernetes.io/port_8222_no_lb_rule"] == "true"
    assert result.ports == ({"name": "monitor", "port": 8222, "targetPort": 8222},)


def test_azure_can_do_without_a_probe(shaped):
    """Option probe off exposes no monitor port."""
    result = shaped("azure-public", options={"probe": "off"})

    assert result.annotations["service.beta.kubernetes.io/port_7222_no_probe_rule"] == "true"
    assert result.ports == ()


def test_an_aws_class_takes_the_place_of_the_type(shaped):
    """The controller is chosen either by class or by annotation."""
    result = shaped("aws-lbc-ip", class_="service.k8s.aws/nlb")

    assert result.spec["loadBalancerClass"] == "service.k8s.aws/nlb"
    assert "service.beta.kubernetes.io/aws-load-balancer-type" not in result.annotations


def test_the_users_own_entries_win(shaped):
    """Annotations, labels and spec fields of the user override the profile's."""
    key = "service.beta.kubernetes.io/aws-load-balancer-healthcheck-interval"
    result = shaped("aws-eks-auto", annotations={key: "30"}, labels={"a": "b"}, class_="example.com/own")

    assert result.annotations[key] == "30"
    assert result.labels == {"a": "b"}
    assert result.spec["loadBalancerClass"] == "example.com/own"


def test_generic_is_verbatim(shaped):
    """The generic provider adds nothing to the user's annotations, braces included."""
    own = {"b.io/x": "{addresses}", "a.io/y": "1"}

    assert list(shaped("generic", annotations=own).annotations.items()) == sorted(own.items())


BALANCERS = st.builds(
    LoadBalancer,
    scheme=st.sampled_from([None, "internal", "internet-facing"]),
    addresses=LISTS,
    subnets=LISTS,
    source_ranges=LISTS,
    annotations=st.none() | st.dictionaries(TEXT, TEXT, max_size=3),
    options=st.none() | st.dictionaries(st.sampled_from(["pool", "location", "name", "idleTimeout"]), TEXT),
)


@given(name=st.sampled_from(names()), balancer=BALANCERS, host=TEXT, port=st.integers(1, 65535))
def test_any_inputs_have_a_shape(name, balancer, host, port):
    """Whatever the inputs, a shape comes back: the same each time, in order, with the user's annotations."""
    profile = load(name)
    result = shape(profile, Inputs(balancer, host, port, True))

    assert result == shape(profile, Inputs(balancer, host, port, True))
    assert list(result.annotations) == sorted(result.annotations)
    assert list(result.spec) == sorted(result.spec)
    assert (balancer.annotations or {}).items() <= result.annotations.items()
    assert all(isinstance(text, str) for text in result.annotations.values())


def test_profiles_import_nothing_heavy():
    """The post-renderer starts with every helm call: profiles bring no module the overlay reader has not."""
    code = (
        "import sys, natsvalues.overlays.model; before = set(sys.modules)\n"
        "from natsvalues.providers import load, shape, Inputs\n"
        "p = load('aws-lbc-ip'); shape(p, Inputs(p.example, 'gw.example.com', 7222))\n"
        "print(sorted(m for m in set(sys.modules) - before if not m.startswith('natsvalues.')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
