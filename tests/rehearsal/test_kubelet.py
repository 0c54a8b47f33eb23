"""The kubelet's state machine: what a probe's answers change, in whatever order they come."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from natsvalues.manifests.probes import Probe
from natsvalues.rehearsal.kubelet import answered, fresh, restart_delay, until_tick

STARTUP = Probe("startup", "/healthz", 8222, failure=3)
READINESS = Probe("readiness", "/healthz", 8222, failure=2, success=2)
LIVENESS = Probe("liveness", "/healthz", 8222, failure=2)
ALL = (STARTUP, READINESS, LIVENESS)


def after(container, kind, *answers):
    """The container after these answers to one probe, and whether the last demanded a restart."""
    restart = False
    for well in answers:
        container, restart = answered(container, kind, well=well)
    return container, restart


def test_readiness_is_not_looked_at_before_startup():
    """Only the startup probe is asked first, then only the two others."""
    container = fresh(ALL)
    assert [container.asks(kind) for kind in ("startup", "readiness", "liveness")] == [True, False, False]

    container, _ = after(container, "startup", True)
    assert [container.asks(kind) for kind in ("startup", "readiness", "liveness")] == [False, True, True]
    assert (container.started, container.ready) == (True, False)


def test_thresholds_count_answers_in_a_row():
    """Two good answers make ready, two bad ones in a row take it back, one between them does not."""
    container, _ = after(fresh(ALL), "startup", True)
    container, _ = after(container, "readiness", True)
    assert not container.ready

    container, _ = after(container, "readiness", True)
    assert container.ready
    container, restart = after(container, "readiness", False, True, False)
    assert (container.ready, restart) == (True, False)
    container, restart = after(container, "readiness", False)
    assert (container.ready, restart) == (False, False)


@pytest.mark.parametrize(("kind", "times"), [("startup", 3), ("liveness", 2)])
def test_startup_and_liveness_restart_at_their_threshold(kind, times):
    """One failure less does nothing."""
    container = fresh(ALL) if kind == "startup" else after(fresh(ALL), "startup", True)[0]

    assert after(container, kind, *[False] * (times - 1))[1] is False
    assert after(container, kind, *[False] * times)[1] is True


def test_without_probes_a_container_is_ready():
    """What is not probed counts as well."""
    assert fresh(()).ready
    assert fresh((LIVENESS,)).ready


@given(st.lists(st.tuples(st.sampled_from(["startup", "readiness", "liveness"]), st.booleans()), max_size=60))
def test_ready_means_that_startup_succeeded_and_readiness_holds(answers):
    """Whatever the order of answers to probes that are asked: ready needs both, a restart needs a threshold."""
    container = fresh(ALL)
    told = {"startup": [], "readiness": [], "liveness": []}
    for kind, well in answers:
        if not container.asks(kind):
            continue
        container, restart = answered(container, kind, well=well)
        told[kind].append(well)
        wanted = {"startup": 3, "liveness": 2}.get(kind)
        failed = wanted is not None and told[kind][-wanted:] == [False] * wanted
        assert restart == failed
        if restart:
            return
    assert container.started == (True in told["startup"])
    assert not container.ready or told["readiness"].count(True) >= 2


def test_restarts_wait_longer_and_longer():
    """At once, then 10 s, doubling, and never more than 300 s, as Kubernetes backs off."""
    assert [restart_delay(number) for number in (0, 1, 2, 3, 6, 60)] == [0, 10, 20, 40, 300, 300]


def test_scaling_leaves_the_timeout_to_the_server():
    """Delay and period shrink; a timeout shrinks to two seconds at most, and a shorter one stays."""
    quick = Probe("startup", "/", 1, initial_delay=10, period=10, timeout=5).faster(20)

    assert (quick.initial_delay, quick.period, quick.timeout) == (0.5, 0.5, 2)
    assert Probe("startup", "/", 1, timeout=1).faster(20).timeout == 1


def test_a_tick_before_the_initial_delay_is_left_out():
    """Ticks began 2 s before the container: with a delay of 10 s the first one at 8 s does not count."""
    delayed = STARTUP._replace(initial_delay=10, period=10)

    assert until_tick(delayed, age=2, elapsed=0) == 18
    assert until_tick(STARTUP, age=2, elapsed=0) == 8
    assert until_tick(delayed, age=20, elapsed=18) == 10


@given(st.floats(0, 100), st.floats(0.05, 60), st.floats(0, 1000), st.floats(0, 1000))
def test_every_tick_is_a_multiple_of_the_period(delay, period, lead, elapsed):
    """Counted from the pod, whenever the container started; never before the initial delay, and always ahead."""
    probe = STARTUP._replace(initial_delay=delay, period=period)
    age = lead + elapsed

    wait = until_tick(probe, age, elapsed)

    assert wait > 0
    assert abs((age + wait) / period - round((age + wait) / period)) < 1e-6
    assert elapsed + wait >= delay - 1e-3
    assert wait <= period * 1.001 or elapsed + wait < delay + period * 1.001


def test_a_clock_that_wakes_early_is_at_its_tick():
    """The next one is a period away, not a moment."""
    assert until_tick(STARTUP, age=19.9999999, elapsed=18) > 10
