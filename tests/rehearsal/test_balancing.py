"""Whom a load balancer sends to: endpoints first, its own check second."""

from hypothesis import given
from hypothesis import strategies as st

from natsvalues.rehearsal.balancing import Balancer, Check, Target, backends, checked, endpoints

PODS = ("nats-0", "nats-1", "nats-2")
PLAIN = Balancer("nats", "us-east", ("gw.example.com",), 7222, 7222, PODS, publish_not_ready=False)
OPEN = PLAIN._replace(publish_not_ready=True)
CHECK = Check("/healthz", 8222, healthy=2, unhealthy=2)

targets = st.tuples(
    *(st.builds(Target, st.just(pod), st.booleans(), st.booleans(), health=st.none() | st.booleans()) for pod in PODS)
)


@given(targets)
def test_endpoints_are_the_ready_pods_or_all_that_exist(found):
    """PublishNotReadyAddresses adds those that exist and are not ready, and never one that does not exist."""
    assert endpoints(PLAIN, found) == tuple(item.pod for item in found if item.exists and item.ready)
    assert endpoints(OPEN, found) == tuple(item.pod for item in found if item.exists)


@given(targets)
def test_a_check_only_takes_away_unless_it_fails_open(found):
    """A load balancer with a check sends to healthy endpoints; one that fails open, to all when none is healthy."""
    closed = backends(OPEN._replace(check=CHECK), found)
    opened = backends(OPEN._replace(check=CHECK, fails_open=True), found)

    assert set(closed) == {item.pod for item in found if item.exists and item.health}
    assert opened == (closed or endpoints(OPEN, found))


def test_a_pod_that_is_not_selected_gets_nothing():
    """With a load balancer for each pod, only its pod counts."""
    everyone = tuple(Target(pod, exists=True, ready=True) for pod in PODS)

    assert backends(OPEN._replace(pods=("nats-1",)), everyone) == ("nats-1",)


def test_health_changes_at_its_threshold():
    """Two answers in a row count, one does not."""
    target = Target("nats-0", exists=True, ready=True)
    once = checked(target, CHECK, well=True)
    twice = checked(once, CHECK, well=True)
    failed = checked(twice, CHECK, well=False)

    assert [item.health for item in (target, once, twice, failed)] == [None, None, True, True]
    assert checked(failed, CHECK, well=False).health is False
