"""What of a rendering is run: pods, probes, load balancers, and where its names lead on loopback."""

import re

import pytest

from natsvalues.errors import NatsvaluesError
from natsvalues.rehearsal.addresses import Layout, Map, host_port, named_balancers
from natsvalues.rehearsal.moving import pod_files
from natsvalues.rehearsal.reading import read_rendering
from natsvalues.rehearsal.rendering import MADE_UP, environment
from natsvalues.text.natsconf import read, symbolic

pytestmark = pytest.mark.helm
REGIONS = ("us-east", "eu-west")


@pytest.fixture(scope="module")
def ours(cases, renderer, tmp_path_factory):
    """The renderings of two regions, post-rendered."""
    overlays = str(tmp_path_factory.mktemp("overlays"))
    cases.write_overlays(overlays, REGIONS)
    return {region: read_rendering(text, region) for region, text in cases.ours(renderer, "2.14.2", overlays).items()}


def layout(renderings):
    """Everybody on net 9."""
    return Layout(Map(9, REGIONS), renderings, named_balancers(renderings))


def test_a_region_is_read_as_it_is_rendered(ours):
    """Its pods, version, probes, grace, and the load balancer with the check that the provider makes."""
    found = ours["us-east"]

    assert (found.region, found.pods, str(found.version)) == ("us-east", ("nats-0", "nats-1", "nats-2"), "2.14.2")
    assert [(probe.kind, probe.path, probe.port) for probe in found.probes] == [
        ("startup", "/healthz?js-server-only=true", 8222),
        ("readiness", "/healthz?js-server-only=true", 8222),
        ("liveness", "/healthz?js-enabled-only=true", 8222),
    ]
    assert (found.grace, found.drains, found.parallel, found.reloads) == (60, True, True, True)
    (balancer,) = found.balancers
    assert (balancer.port, balancer.target, balancer.publish_not_ready) == (7222, 7222, True)
    assert balancer.hosts == ("nats-gw-us-east.example.com",)
    assert balancer.check.path == "/healthz?js-server-only=true"


def test_listeners_of_any_spelling_listen_on_the_pod_s_address(renderer):
    """`leaf` and `ws` are other names of two blocks: without a host they would listen on every address."""
    settings = ("config.merge.leaf.port=7422", "config.merge.ws.port=8080", "config.merge.ws.no_tls=true")
    rendering = read_rendering(renderer.template("2.14.2", *settings), "us-east.yaml")
    run = symbolic(
        read(pod_files(layout({"us-east": rendering}), "us-east", 0, "/scratch").files["etc/nats-config/nats.conf"])
    )

    assert (run["leaf"]["host"], run["ws"]["host"]) == ("127.9.1.1", "127.9.1.1")


def test_arguments_have_the_values_of_variables(renderer):
    """As Kubernetes expands them: with `--name=$(POD_NAME)` every server has a name of its own."""
    entry = "container.patch[0]"
    settings = (f"{entry}.op=add", f"{entry}.path=/args/-", f"{entry}.value=--name=x-$(POD_NAME)")
    rendering = read_rendering(renderer.template("2.14.2", *settings), "us-east.yaml")

    made = pod_files(layout({"us-east": rendering}), "us-east", 1, "/scratch")

    assert made.arguments[-1] == "--name=x-nats-1"


@pytest.mark.parametrize("words", [("-sd", "/data"), ("--store_dir=/data",), ("-store_dir", "/data")])
@pytest.mark.parametrize("stated", [True, False], ids=["beside-store-dir", "alone"])
def test_no_server_stores_outside_of_the_rehearsal_s_folder(renderer, stated, words):
    """An option for the store names a folder of its own; the server refuses it beside `store_dir`, and still does."""
    removed = ["config.jetstream.patch[0].op=remove", "config.jetstream.patch[0].path=/store_dir"]
    settings = [] if stated else removed
    for number, word in enumerate(words):
        entry = f"container.patch[{number}]"
        settings += [f"{entry}.op=add", f"{entry}.path=/args/-", f"{entry}.value={word}"]
    rendering = read_rendering(renderer.template("2.14.2", *settings), "us-east.yaml")

    pod = pod_files(layout({"us-east": rendering}), "us-east", 1, "/scratch")

    assert not any(word.endswith("/data") for word in pod.arguments)
    assert any("/scratch/store" in word for word in pod.arguments) == stated
    conf = symbolic(read(pod.files["etc/nats-config/nats.conf"]))
    assert conf["jetstream"]["store_dir"].startswith("/scratch/")


def test_only_addresses_and_paths_are_moved(ours):
    """The configuration on loopback differs from the rendered one in what the moves name, and in nothing else."""
    made = pod_files(layout(ours), "us-east", 1, "/scratch/us-east/1")
    rendered = symbolic(read(ours["us-east"].nats.conf))
    run = symbolic(read(made.files["etc/nats-config/nats.conf"]))

    assert run["gateway"]["advertise"] == "127.9.100.1:7222"
    assert run["gateway"]["gateways"][0]["urls"] == ["nats://127.9.101.1:7222"]
    assert run["cluster"]["routes"] == [f"nats://127.9.1.{number}:6222" for number in (1, 2, 3)]
    assert (run["host"], run["cluster"]["host"], run["gateway"]["host"]) == ("127.9.1.2",) * 3
    assert run["jetstream"]["store_dir"] == "/scratch/us-east/1/data"
    changed = dict(leaves(run)).items() ^ dict(leaves(rendered)).items()
    assert {path for path, _ in changed} == {move.setting for move in made.moves}


def leaves(value, at=""):
    """Every single value with its dotted path."""
    if not isinstance(value, (dict, list)):
        yield at, value
        return
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        yield from leaves(item, f"{at}.{key}".lstrip("."))


def test_every_address_is_loopback(ours):
    """No address or host of a moved configuration lies outside 127.0.0.0/8."""
    for region in REGIONS:
        text = pod_files(layout(ours), region, 0, "/scratch").files["etc/nats-config/nats.conf"]
        assert re.findall(r"\d+\.\d+\.\d+\.\d+", text)
        assert all(address.startswith("127.9.") for address in re.findall(r"\d+\.\d+\.\d+\.\d+", text))
        assert "example.com" not in text


def test_a_name_that_nothing_answers_to_leads_to_nobody(ours):
    """A remote that is not rehearsed is dialled at an address where nobody listens, and the move says so."""
    lonely = {"us-east": ours["us-east"]}

    (move,) = [item for item in pod_files(layout(lonely), "us-east", 0, "/scratch").moves if "gateways" in item.setting]

    assert move.run == "nats://127.9.254.1:7222"
    assert "no listener" in move.why


def test_variables_are_filled_as_a_kubelet_does(ours):
    """The pod's name, what refers to an earlier variable, and one made-up text for what a Secret holds."""
    nats = ours["eu-west"].nats
    container = nats.container_value
    secret = {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}
    container["env"] = [*container["env"], secret, {"name": "LITERAL", "value": "$$(POD_NAME) $(NOT_THERE)"}]

    found = environment(ours["eu-west"], "nats-2", "127.9.2.3")

    assert (found["SERVER_NAME"], found["PASSWORD"]) == ("eu-west-nats-2", MADE_UP)
    assert found["LITERAL"] == "$(POD_NAME) $(NOT_THERE)"


def test_the_charts_own_service_is_a_load_balancer_that_honours_readiness(cases, renderer):
    """A Service of type LoadBalancer with the gateway's port counts; the name others dial leads to it."""
    renderings = {
        region: read_rendering(text, region) for region, text in cases.stock(renderer, "2.14.2", REGIONS).items()
    }
    (balancer,) = named_balancers(renderings)["eu-west"]

    assert (balancer.name, balancer.hosts) == ("nats", ("nats-gw-eu-west.example.com",))
    assert (balancer.publish_not_ready, balancer.check) == (False, None)


def test_pods_addresses_are_not_reachable_from_other_regions(cases, renderer):
    """Without gateway.advertise a pod would tell its own address; no other region can dial that, so nobody is there."""
    without = ("config.gateway.patch[0].op=remove", "config.gateway.patch[0].path=/advertise")
    text = cases.stock(renderer, "2.14.2", REGIONS, *without)["us-east"]
    rendering = read_rendering(text, "us-east")

    moves = pod_files(layout({"us-east": rendering}), "us-east", 0, "/scratch").moves

    assert next(move.run for move in moves if move.setting == "gateway.advertise") == "127.9.254.1:7222"


def test_no_replicas_is_an_error(cases, renderer):
    """There is nothing to run."""
    text = cases.alone(renderer, "2.14.2", "us-east").replace("replicas: 3", "replicas: 0")

    with pytest.raises(NatsvaluesError, match="there is nothing to run"):
        read_rendering(text, "us-east.yaml")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nats://user:pass@host:7222", ("host", "7222")),
        ("nats://[fd00::1]:7222", ("fd00::1", "7222")),
        ("host.example.com", ("host.example.com", "")),
        ("host:1/path", ("host", "1")),
    ],
)
def test_host_and_port_of_a_url(text, expected):
    """With and without user, port, brackets."""
    assert host_port(text) == expected
