"""DNS in rehearsals: names that are not there yet, answers that stay, and several addresses, beside real clusters."""

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from natsvalues.rehearsal.naming import PUBLISHED, Dns, NameServers
from natsvalues.rehearsal.reading import read_rendering

pytestmark = [pytest.mark.nats, pytest.mark.helm, pytest.mark.slow, pytest.mark.timeout(300)]
POD, ALL = "nats-1.nats-headless.default.svc.cluster.local", "nats-headless.default.svc.cluster.local"
GATEWAY = "nats-gw-us-east.example.com"


NOWHERE = "echo 0 >/proc/sys/user/max_user_namespaces; exec "
"""In a user namespace without rights to the ports of this machine, there are no further ones."""


class Unasked(NameServers):
    """DNS servers that only we ask, so that they need no port."""

    async def open(self, _):
        """Nothing."""
        return lambda: None


@pytest.fixture
def named(our_folder, on_loopback, tmp_path):
    """Run `trial(world, names, until)` with a region whose names DNS servers have, and its rendering changed."""

    def call(dns, trial, change=lambda text: text):
        text = Path(our_folder("2.14.2", "us-east"), "us-east.yaml").read_text()

        def prepare(world):
            world.name_servers = Unasked(world, dns, str(tmp_path))

        async def whole(world, until):
            return await trial(world, world.name_servers, until)

        on_loopback({"us-east": read_rendering(change(text), "us-east.yaml")}, whole, prepare=prepare)

    return call


def test_an_answer_stays_for_its_ttl_also_that_there_is_none(named):
    """As of CoreDNS: asked 2 s before a name exists, it is found 28 s after. A new pod is not where the old one was."""

    async def trial(world, names, _):
        begun = time.monotonic()
        seen = [names.look_up("us-east", POD, begun)]
        await world.start("us-east")
        seen += [names.look_up("us-east", POD, begun + second) for second in (2, 29.9)]
        assert seen == [(), (), ()]
        assert names.look_up("us-east", ALL, begun + 30) == tuple(f"127.{world.map.net}.1.{n}" for n in (1, 2, 3))
        assert names.look_up("us-east", POD, begun + 30) == (world.pods["us-east"][1].address,)
        world.pods["us-east"][1].began = begun + 40  # a new pod, which on a cluster has another address
        assert names.look_up("us-east", POD, begun + 59) == (world.map.unreachable("us-east"),)
        assert names.look_up("us-east", POD, begun + 60) == (world.pods["us-east"][1].address,)

    named(Dns(30), trial)


def test_a_name_is_there_when_the_kubelet_has_reported_the_pod(named):
    """Not with the container; and to warm up at once. A load balancer has its names once it is there."""

    async def trial(world, names, _):
        await world.start("us-east")
        now = world.pods["us-east"][1].began
        assert names.look_up("us-east", POD, now + PUBLISHED / 2) == ()
        assert len(names.look_up("us-east", POD, now + PUBLISHED)) == 1
        world.admit(everyone=True)
        assert len(names.look_up("us-east", POD, now)) == 1
        assert names.look_up("us-east", GATEWAY, now) == ()
        await world.open_balancers("us-east")
        assert len(names.look_up("us-east", GATEWAY, now)) == 3
        assert names.look_up("us-east", "nats-7.nats-headless.default.svc.cluster.local", now) == ()
        assert names.look_up("us-east", f"{GATEWAY}.default.svc.cluster.local", now) == ()

    named(Dns(0, 3), trial)


def test_a_headless_service_that_hides_pods_names_those_that_are_ready(named):
    """Without publishNotReadyAddresses; with it all that exist."""

    async def trial(world, names, until):
        await world.start("us-east")
        pod = world.pods["us-east"][1]
        seen = names.look_up("us-east", POD, pod.began + PUBLISHED), pod.ready
        assert seen == ((), False)
        await until(lambda: pod.ready)
        assert names.look_up("us-east", POD, pod.began + PUBLISHED) == (pod.address,)

    named(Dns(0), trial, lambda text: text.replace("publishNotReadyAddresses: true", "publishNotReadyAddresses: false"))


def seconds(done) -> float:
    """How long the cold restart took."""
    assert (done.code, done.scenario["verdict"], done.report["lossy"]) == (0, "converged", False), done.told()
    return done.scenario["times"]["cold restart of all regions"]


@pytest.mark.usefixtures("with_dns")
def test_a_cold_restart_waits_for_names_as_on_clusters(our_folder, rehearse):
    """The verdict of `fast-dns` of docs/kubernetes.md, with its ttl: converged. Routes wait for new answers."""
    folder = our_folder("2.14.6", "us-east", "eu-west")
    done = rehearse(folder, "cold-restart", "--dns", "ttl=5", versions=("2.14.6",))

    assert 5 <= seconds(done) < 40
    assert any("DNS was played: it keeps answers for 5 s" in note for note in done.scenario["notes"])
    settings = done.scenario["mapping"]["settings"].values()
    moved = {move["setting"] for moves in settings for move in moves}
    assert not [setting for setting in moved if re.match(r"cluster\.routes|gateway\.(advertise|gateways)", setting)]


@pytest.mark.usefixtures("with_dns")
def test_the_charts_own_rendering_is_stuck_for_the_same_reasons(stock_folder, rehearse):
    """The chain of `deadlock` of docs/kubernetes.md, and of a rehearsal without DNS."""
    done = rehearse(stock_folder("2.14.2", "us-east", "eu-west"), "cold-restart", "--dns", "ttl=1")

    chain = [cause["waits_for"] for cause in done.scenario["causes"]]
    closing = "a pod that is ready"
    assert (done.code, len(chain)) == (5, 7), done.told()
    assert chain[:3] == ["a meta leader", "a meta leader", "a majority of 6 servers"]
    assert chain[4::2] == [closing, closing]
    assert all(wait.startswith("load balancer ") for wait in chain[3::2])


@pytest.mark.usefixtures("with_dns")
def test_a_first_boot_counts_the_addresses_of_a_name_up_to_2_12_9(our_folder, rehearse):
    """Four for each load balancer: it waits for seven votes of six servers, and the remedy is the version."""
    folder = our_folder("2.12.8", "us-east", "eu-west")
    words = ("--dns", "addresses=4", "--patience", "20")
    done = rehearse(folder, "first-install", *words, versions=("2.12.8",))

    assert (done.code, done.report["verdict"]) == (5, "stuck"), done.told()
    assert "the votes of all 7 servers" in done.scenario["causes"][0]["waits_for"]
    assert "run nats-server 2.12.10 or 2.14.2 or later" in done.scenario["remedy"]


def test_without_rights_it_is_refused_by_name(our_folder):
    """Nothing runs, and the help says what it needs, and what goes without."""
    words = (sys.executable, "-m", "natsvalues", "rehearse", our_folder("2.14.2", "us-east"), "--dns", "ttl=5")
    shell = ("unshare", "--user", "--map-root-user", "sh", "-c", NOWHERE + '"$@"', "sh", *words)
    done = subprocess.run(shell, capture_output=True, text=True, check=False, timeout=60)
    if done.stderr.startswith("unshare"):  # nobody has user namespaces here
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)

    assert (done.returncode, done.stdout) == (1, "")
    assert re.search(r"error\[NV-R043\].*(user namespace|port 53|mounting)", done.stderr)
    assert "without --dns" in done.stderr
