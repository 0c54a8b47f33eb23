"""Real servers as judges: whatever nats.conf we write for a stored rendering, its server version starts with it."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from natsvalues.manifests.chart import find_nats

# Fixtures of conftest.py beside this file; what is tried on a server is in server_trial.py.
AT_ONCE = 8


@pytest.fixture(scope="session")
def certificates(server_trial, tmp_path_factory) -> str:
    """Folder with a certificate and key for loopback."""
    folder = str(tmp_path_factory.mktemp("certificates"))
    server_trial.certificate(folder)
    return folder


def failures(server_trial, nats_server, certificates, trials) -> dict[str, str]:
    """What real servers say against some trials, by the first post-rendering that has it."""
    programs = {trial.version: nats_server(trial.version) for trial in trials}

    def judge(trial):
        return server_trial.checked(programs[trial.version], trial, certificates)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return {
            about: said for said, about in zip(pool.map(judge, trials), map(str, trials.values()), strict=True) if said
        }


@pytest.mark.nats
def test_servers_start_with_the_renderings_themselves(outcomes, server_trial, nats_server, certificates):
    """The trial itself is sound: every stored rendering starts as it came."""
    trials = {}
    for outcome in outcomes:
        nats = find_nats(outcome.before, outcome.result.nats.name)
        trials.setdefault(server_trial.trial_of(nats), outcome.rendering)

    assert failures(server_trial, nats_server, certificates, trials) == {}


@pytest.mark.nats
@pytest.mark.slow
def test_servers_start_with_every_configuration_we_write(outcomes, server_trial, nats_server, certificates):
    """For all regions, stages and scopes: `-t` is satisfied and the server comes up healthy."""
    trials = {}
    for outcome in outcomes:
        trials.setdefault(server_trial.trial_of(outcome.result.nats), outcome)

    assert failures(server_trial, nats_server, certificates, trials) == {}


@pytest.mark.nats
def test_the_trial_notices_a_server_that_does_not_start(outcomes, server_trial, nats_server, certificates):
    """A gateway whose name is not the cluster's, which `-t` lets pass, is found by the start."""
    outcome = next(item for item in outcomes if item.stage == "join" and '"cluster"' in item.result.nats.conf)
    trial = server_trial.trial_of(outcome.result.nats)
    wrong = server_trial.edit(trial.conf, [server_trial.ConfOp("replace", ("gateway", "name"), "elsewhere")])

    said = failures(server_trial, nats_server, certificates, {trial._replace(conf=wrong): outcome})

    assert [text.splitlines()[0] for text in said.values()] == ["exit code 1"]
    assert "cluster name" in said[str(outcome)]
