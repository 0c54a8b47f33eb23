"""The load balancers of a rehearsal: addresses and health checks of every provider, as its profile states them."""

import os
import subprocess

import pytest
import yaml

from natsvalues.manifests.release import Release
from natsvalues.overlays.folder import load as load_overlays
from natsvalues.overlays.pipeline import render
from natsvalues.overlays.plan import plan
from natsvalues.providers import load, names
from natsvalues.providers.meaning import meaning_of
from natsvalues.rehearsal.reading import read_rendering

pytestmark = pytest.mark.helm
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BETA = "service.beta.kubernetes.io/"
LBC = f"{BETA}aws-load-balancer-"
HETZNER = "load-balancer.hetzner.cloud/health-check-"
PATH = "/healthz?js-server-only=true"
BALANCED = [name for name in names() if load(name).object == "Service"]


@pytest.fixture(scope="module")
def release(helm3, nats_chart):
    """The chart's rendering: clustered, with JetStream and the gateway."""
    settings = "config.cluster.enabled=true,config.jetstream.enabled=true,config.gateway.enabled=true"
    command = [helm3, "template", "nats", nats_chart, "--set", settings]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def rendered(release, provider, **fields) -> str:
    """The release post-rendered for one region with this provider's example."""
    overlays = load_overlays(os.path.join(ROOT, "charts", "overlays"))
    file = overlays.regions["us-east"]
    balancer = load(provider).example._replace(provider=provider, **fields)
    region = file.region._replace(load_balancer=balancer)
    overlays = overlays._replace(regions={**overlays.regions, "us-east": file._replace(region=region)})
    return render(Release(release), plan(overlays, "us-east")).release.text()


def balancer(text):
    """The load balancer that a rehearsal makes of a release."""
    (found,) = read_rendering(text, "us-east.yaml").balancers
    return found


def annotated(release, annotations, *ports) -> str:
    """The release with these annotations alone on its gateway's Service, and further ports."""
    objects = list(yaml.safe_load_all(rendered(release, "generic", class_=None)))
    (service,) = (item for item in objects if item["metadata"]["name"] == "nats-gateway")
    service["metadata"]["annotations"] = annotations
    service["spec"]["ports"] += ports
    return yaml.safe_dump_all(objects)


@pytest.mark.parametrize("provider", BALANCED)
def test_every_check_of_a_profile_is_played(provider, release):
    """A provider whose annotations describe a check of the pods has it, on the port where they are asked."""
    text = rendered(release, provider)
    service = next(item for item in yaml.safe_load_all(text) if item["metadata"]["name"] == "nats-gateway")
    described = [check for check in meaning_of(service).checks_of(service["spec"]["ports"][0]) if check.protocol]
    played = balancer(text).check

    assert (played is None) == (described == [])
    for check in described:
        assert (played.port, played.path) == ((8222, PATH) if check.is_http else (7222, ""))


@pytest.mark.parametrize("provider", [name for name in BALANCED if "addresses" in load(name).inputs])
def test_every_address_leads_to_the_load_balancer(provider, release):
    """A region that calls the address, and not the name, is connected too."""
    public = {"scheme": "internet-facing"} if provider in ("aws-ccm-nlb", "openshift-aws") else {}

    hosts = balancer(rendered(release, provider, addresses=("192.0.2.77",), **public)).hosts

    assert hosts[0] == "nats-gw-us-east.example.com"
    assert "192.0.2.77" in hosts


MONITOR = {"name": "monitor", "port": 8222, "targetPort": "monitor", "nodePort": 30822}


@pytest.mark.parametrize(
    ("annotations", "expected"),
    [
        ({f"{BETA}linode-loadbalancer-check-type": "connection"}, ("", 7222, 10)),
        (
            {f"{BETA}linode-loadbalancer-check-type": "connection", f"{BETA}linode-loadbalancer-check-interval": "5"},
            ("", 7222, 5),
        ),
        (
            {f"{BETA}linode-loadbalancer-check-type": "http", f"{BETA}linode-loadbalancer-check-path": "/healthz"},
            ("/healthz", 7222, 10),
        ),
        ({f"{BETA}linode-loadbalancer-check-type": "none"}, None),
        ({f"{LBC}healthcheck-protocol": "http", f"{LBC}healthcheck-path": "/healthz"}, ("/healthz", 7222, 10)),
        ({f"{HETZNER}protocol": "http", f"{HETZNER}port": "30822", f"{HETZNER}http-path": PATH}, (PATH, 8222, 10)),
        ({f"{HETZNER}protocol": "http", f"{HETZNER}port": "30823", f"{HETZNER}http-path": PATH}, None),
        ({f"{BETA}alicloud-loadbalancer-health-check-type": "tcp"}, ("", 7222, 10)),
    ],
)
def test_a_check_that_people_write_is_played(annotations, expected, release):
    """On the port that the provider asks: HTTP without a port asks the gateway, and fails as it does in the cloud."""
    check = balancer(annotated(release, annotations, MONITOR)).check

    assert (check and (check.path, check.port, check.interval)) == expected
