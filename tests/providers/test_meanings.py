"""What annotations mean: every profile states it, in one place, and it is found by the key alone."""

import collections
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from natsvalues.providers import Inputs, load, names, profile, shape
from natsvalues.providers.index import stated
from natsvalues.providers.meaning import TRAFFIC, annotation_meaning, meaning_of
from natsvalues.providers.meanings import MEANS

BETA = "service.beta.kubernetes.io/"
FILES = sorted(name.removesuffix(".yaml") for name in os.listdir(profile.FOLDER) if name.endswith(".yaml"))
GATEWAY = {"name": "gateway", "port": 7222, "targetPort": "gateway"}


def own(name):
    """What one file says, without what it extends."""
    path = os.path.join(profile.FOLDER, f"{name}.yaml")
    with open(path, encoding="utf-8") as stream:
        return profile.read_text(path, stream.read())[0]


def service(annotations=None, *ports, **spec):
    """A Service with these annotations, the gateway's port and others."""
    return {"metadata": {"annotations": annotations or {}}, "spec": {**spec, "ports": [GATEWAY, *ports]}}


def of_example(name, **fields):
    """The Service that a provider's example becomes."""
    found = load(name)
    balancer = found.example._replace(**fields)
    shaped = shape(found, Inputs(balancer, "gw.example.com", 443 if found.object == "Route" else 7222))
    return service(shaped.annotations, *shaped.ports, **shaped.spec)


@pytest.mark.parametrize("name", names())
def test_every_annotation_that_a_profile_writes_or_accepts_has_a_meaning(name):
    """Also `none`: whoever adds a rule decides what its annotation does to those who connect."""
    found = load(name)
    written = {profile.template_of(key) for rule in found.rules for key in rule.annotations}
    seen = {key.removeprefix("annotations.") for rule in found.rules for key in rule.when if "annotations." in key}

    assert written | seen <= set(found.meanings)
    assert all(meaning.means in MEANS for meaning in found.meanings.values())


def test_every_meaning_stands_in_one_file():
    """Profiles that share annotations extend the file that states them."""
    places = collections.Counter(key for name in FILES for key in own(name).meanings)

    assert [key for key, count in places.items() if count > 1] == []


@pytest.mark.parametrize("name", FILES)
def test_a_meaning_is_found_by_its_key(name):
    """Whatever the file, with a port in place of the template, and in every spelling."""
    found = own(name)
    for key, meaning in found.meanings.items():
        spellings = [new_key for old, new in found.spellings.items() if (new_key := respelled(key, old, new))]
        for spelling in [key, *spellings]:
            known = stated(spelling.replace("{port}", "7222").replace("{name}", "domains"), profile.FOLDER)
            assert known is not None, spelling
            assert (known.meaning, known.port) == (meaning, "7222" if "{port}" in key else "")


def respelled(key, old, new):
    """A key in its other spelling; nothing where it has none."""
    return old + key[len(new) :] if key.startswith(new) else ""


@pytest.mark.parametrize("name", names())
def test_no_example_has_an_annotation_without_meaning(name):
    """`generic` apart, whose annotations are the user's."""
    texts = of_example(name)["metadata"]["annotations"]
    unknown = [key for key in texts if annotation_meaning(key) is None]

    assert unknown == (list(texts) if name == "generic" else [])


@pytest.mark.parametrize("name", [name for name in names() if "scheme" in load(name).inputs])
def test_the_scope_is_the_scheme(name):
    """What an overlay asks for is what its annotations mean; where nothing is written nothing is known."""
    for scheme in load(name).inputs["scheme"].one_of or ("internal", "internet-facing"):
        meaning = meaning_of(of_example(name, scheme=scheme, subnets=(), addresses=()))
        assert meaning.scope in ("", scheme)
        assert meaning.scope or not meaning.of("scope")


@pytest.mark.parametrize("name", [name for name in names() if "addresses" in load(name).inputs])
def test_an_address_is_an_address(name):
    """Every profile with an input for addresses says by which annotation or field it is one."""
    assert "192.0.2.77" in meaning_of(of_example(name, addresses=("192.0.2.77",), scheme=scheme_for(name))).addresses


def scheme_for(name):
    """The scheme with which a profile takes addresses."""
    return "internet-facing" if name in ("aws-ccm-nlb", "openshift-aws") else load(name).example.scheme


@pytest.mark.parametrize("name", names())
def test_a_described_check_leads_to_the_pods(name):
    """Each check that a profile writes asks the monitoring port, or the traffic's own over TCP."""
    for options in ({}, {"exposeMonitor": "true"}, {"monitorNodePort": "30822"}):
        if not set(options) <= set(load(name).options):
            continue
        made = of_example(name, options={**(load(name).example.options or {}), **options})
        for check in meaning_of(made).checks_of(GATEWAY):
            if check.protocol is not None:
                target = check.target_port(made["spec"]["ports"])
                remedy = (
                    f"state in {name}.yaml, under `check`, which port is checked (natsvalues/providers/meanings.py)"
                )
                assert target == (8222 if check.is_http else TRAFFIC), (options, remedy)


MONITOR = {"name": "monitor", "port": 8222, "targetPort": "monitor", "nodePort": 30822}
LBC = f"{BETA}aws-load-balancer-"


@pytest.mark.parametrize(
    ("annotations", "target"),
    [
        ({f"{LBC}nlb-target-type": "ip", f"{LBC}healthcheck-port": "8222"}, 8222),
        ({f"{LBC}nlb-target-type": "instance", f"{LBC}healthcheck-port": "8222"}, None),
        ({f"{LBC}nlb-target-type": "instance", f"{LBC}healthcheck-port": "monitor"}, "monitor"),
        ({f"{LBC}healthcheck-port": "30822"}, "monitor"),
        ({f"{LBC}healthcheck-port": "nobody"}, None),
        ({f"{LBC}healthcheck-port": TRAFFIC}, TRAFFIC),
        ({f"{LBC}healthcheck-path": "/healthz"}, TRAFFIC),
        ({f"{BETA}port_7222_health-probe_port": "8222"}, "monitor"),
        ({f"{BETA}port_7222_health-probe_port": "30822"}, "monitor"),
        ({f"{BETA}do-loadbalancer-healthcheck-port": "8222"}, "monitor"),
        ({f"{BETA}do-loadbalancer-healthcheck-path": "/healthz"}, None),
        ({"load-balancer.hetzner.cloud/health-check-port": "30822"}, "monitor"),
        ({f"{BETA}linode-loadbalancer-check-type": "http"}, TRAFFIC),
        ({f"{BETA}alicloud-loadbalancer-health-check-connect-port": "8222", f"{BETA}backend-type": "eni"}, 8222),
    ],
)
def test_a_checks_port_is_the_providers(annotations, target):
    """A number is a port of the pod, of the node or of the Service: each provider has its way."""
    made = service(annotations, MONITOR)
    (check,) = meaning_of(made).checks

    assert check.target_port(made["spec"]["ports"]) == target


def test_the_check_of_a_port_comes_before_the_one_of_the_service():
    """Azure: the port's own annotations, then its appProtocol, then those for the whole Service."""
    whole = {f"{BETA}azure-load-balancer-health-probe-protocol": "http"}
    single = {f"{BETA}port_7222_health-probe_protocol": "tcp"}
    plain, typed = GATEWAY, {**GATEWAY, "appProtocol": "tcp"}

    assert [check.protocol.text for check in meaning_of(service(whole)).checks_of(plain)] == ["http"]
    assert [check.protocol.text for check in meaning_of(service(whole)).checks_of(typed)] == []
    for port in (plain, typed):
        assert [check.protocol.text for check in meaning_of(service({**whole, **single})).checks_of(port)] == ["tcp"]


@pytest.mark.parametrize(
    ("class_", "controllers", "scope"),
    [
        ("networking.gke.io/l4-regional-internal", {"gcp"}, "internal"),
        ("networking.gke.io/l4-regional-external", {"gcp"}, "internet-facing"),
        ("service.k8s.aws/nlb", {"aws-lbc"}, "internal"),
        ("kube-vip.io/kube-vip-class", {"kube-vip"}, ""),
        ("example.com/other", set(), ""),
    ],
)
def test_a_class_names_its_controller(class_, controllers, scope):
    """spec.loadBalancerClass says who takes the Service, and sometimes how it is reached."""
    meaning = meaning_of(service(loadBalancerClass=class_))

    assert (meaning.controllers, meaning.scope) == (controllers, scope)


def test_what_is_stated_wins_over_the_controllers_default():
    """The AWS Load Balancer Controller makes an internal load balancer unless the Service states another scheme."""
    external = {f"{LBC}type": "external"}

    assert meaning_of(service(external)).scope == "internal"
    assert meaning_of(service({**external, f"{LBC}scheme": "internet-facing"})).scope == "internet-facing"


def test_settings_inside_an_annotation_have_meanings_of_their_own():
    """Attributes separated by commas, and JSON; other text contains no settings."""
    attributes = {f"{LBC}target-group-attributes": "preserve_client_ip.enabled=true,proxy_protocol_v2.enabled=true"}
    port = {f"{BETA}linode-loadbalancer-port-7222": '{"protocol": "https", "proxy-protocol": "none"}'}
    broken = {f"{BETA}linode-loadbalancer-port-7222": "{broken"}

    assert [item.is_on for item in meaning_of(service(attributes)).of("proxyProtocol")] == [True]
    assert [item.is_on for item in meaning_of(service(port)).of("proxyProtocol", "tls")] == [True, False]
    assert meaning_of(service(broken)).of("proxyProtocol", "tls") == ()


@pytest.mark.parametrize(
    ("key", "means"),
    [
        (f"{BETA}acme-loadbalancer-id", "address"),
        ("kubernetes.io/elb.id", "address"),
        ("example.com/load-balancer-ip", "address"),
        ("example.com/lb-proxy-protocol-v2", "proxyProtocol"),
        ("example.com/load-balancer-identity-provider", None),
        ("app.kubernetes.io/name", None),
        ("meta.helm.sh/release-name", None),
        ("plain", None),
    ],
)
def test_other_providers_are_known_by_the_names_of_their_annotations(key, means):
    """No profile has them; that an address may change is better reported than not."""
    found = annotation_meaning(key, "x")

    assert (found and found.means) == means


@given(
    annotations=st.dictionaries(
        st.sampled_from([key for name in FILES for key in own(name).meanings]) | st.text(max_size=20),
        st.text(max_size=20) | st.integers() | st.none(),
        max_size=5,
    ),
    spec=st.none() | st.fixed_dictionaries({}, optional={"ports": st.none(), "loadBalancerSourceRanges": st.text()}),
)
def test_any_service_has_a_meaning(annotations, spec):
    """Whatever stands in a rendering, there is an answer and no crash."""
    meaning = meaning_of({"metadata": {"annotations": annotations}, "spec": spec})

    assert {item.key for item in meaning.annotations} <= {str(key) for key in annotations}
