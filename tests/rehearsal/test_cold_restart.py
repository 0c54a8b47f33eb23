"""The cold restart, with real servers: the chart's own rendering stays stuck and says why, ours comes together."""

import json
from pathlib import Path

import pytest

pytestmark = [pytest.mark.nats, pytest.mark.helm, pytest.mark.slow, pytest.mark.timeout(300)]
REGIONS = ("us-east", "eu-west")
_USER = "config.merge.accounts.SYS-{region}.users[0]"
OWN_ACCOUNTS = ("config.merge.system_account=SYS-{region}", f"{_USER}.user=admin", f"{_USER}.password=admin")
"""Settings that give each region a system account of its own."""


def linted_with(done, folder, run, tmp_path) -> str:
    """What lint says of the folder that was rehearsed, with the rehearsal as evidence."""
    (tmp_path / "rehearsal.json").write_text(json.dumps(done.report))
    return run("natsvalues", "lint", str(folder), "--evidence", str(tmp_path / "rehearsal.json")).stdout


def test_the_charts_own_rendering_is_stuck_and_says_why(stock_folder, rehearse, run, tmp_path):
    """Pods wait for a leader, the leader for gateways, those for a load balancer, and that for the pods: a ring."""
    folder = stock_folder("2.14.2", "us-east", "eu-west")
    done = rehearse(folder, "cold-restart")

    assert (done.code, done.report["verdict"]) == (5, "stuck"), done.told()
    causes = done.scenario["causes"]
    waits = [cause["waits_for"] for cause in causes]
    assert waits[0] == "a meta leader"
    assert "startup probe /healthz gets 503" in causes[0]["seen"]
    assert any("a majority of 6 servers" in wait for wait in waits)
    closing = [cause for cause in causes if cause["closes"] is not None]
    assert {cause["subject"] for cause in closing} == {"load balancer us-east/nats", "load balancer eu-west/nats"}
    assert all("no publishNotReadyAddresses" in cause["seen"] for cause in closing)
    assert all(waits[cause["closes"]] == "a meta leader" for cause in closing)
    assert "publishNotReadyAddresses" in done.scenario["remedy"]
    assert not done.report["lossy"]
    assert "error[RH001] rehearsal-stuck: rehearsed" in linted_with(done, folder, run, tmp_path)


def test_ours_comes_together_and_keeps_every_message(our_folder, rehearse, run, tmp_path):
    """All six are ready under one leader, and each region's stream has what it acknowledged: 20 before, one after."""
    folder = our_folder("2.14.2", "us-east", "eu-west")
    done = rehearse(folder, "cold-restart")

    assert (done.code, done.report["verdict"], done.report["lossy"]) == (0, "converged", False), done.told()
    assert "`cold-restart`: converged in " in linted_with(done, folder, run, tmp_path)
    found = done.scenario
    assert [(group["size"], group["regions"]) for group in found["meta_groups"]] == [(6, {"us-east": 3, "eu-west": 3})]
    assert [(fate["region"], fate["fate"], fate["acknowledged"]) for fate in found["streams"]] == [
        ("eu-west", "kept", 21),
        ("us-east", "kept", 21),
    ]
    assert all(pod["ready"] and pod["address"].startswith("127.") for pod in found["pods"])
    assert found["times"]["cold restart of all regions"] > 0


def test_regions_with_system_accounts_of_their_own_come_together_with_the_charts_probes(
    stock_folder, rehearse, run, tmp_path
):
    """Each elects its own leader behind the strict probe: what lint called a deadlock, and is none."""
    folder = stock_folder("2.14.2", *REGIONS, settings=OWN_ACCOUNTS)
    done = rehearse(folder, "cold-restart")

    assert (done.code, done.report["verdict"], done.report["lossy"]) == (0, "converged", False), done.told()
    assert [group["regions"] for group in done.scenario["meta_groups"]] == [{"eu-west": 3}, {"us-east": 3}]
    linted = linted_with(done, folder, run, tmp_path)
    assert "error[PR001]" not in linted
    assert "error[LB001]" not in linted
    assert "note[JS009]" in linted


def test_a_strict_probe_is_no_deadlock_behind_a_service_that_sends_to_starting_pods(our_folder, rehearse):
    """One cure is enough: the judgement from the manifests and the servers say so alike."""
    folder = our_folder("2.14.2", "us-east", "eu-west")
    for file in Path(folder).iterdir():
        file.write_text(file.read_text().replace("path: /healthz?js-server-only=true", "path: /healthz"))
    done = rehearse(folder, "cold-restart")

    assert (done.code, done.report["verdict"]) == (0, "converged"), done.told()
    assert not any(note.startswith("by its manifests") for note in done.scenario["notes"])


@pytest.mark.parametrize(("version", "verdict"), [("2.11.10", "converged"), ("2.12.8", "stuck"), ("2.15.1", "stuck")])
def test_a_first_boot_waits_for_remotes_of_another_system_account_from_2_12_on(
    version, verdict, stock_folder, rehearse
):
    """The servers do what lint (JS009), diff (DI023) and the rehearsal's note say from the manifests."""
    folder = stock_folder(version, *REGIONS, settings=OWN_ACCOUNTS)
    done = rehearse(folder, "first-install", versions=(version,))

    assert done.report["verdict"] == verdict, done.told()
    notes = [note for note in done.scenario["notes"] if note.startswith("by its manifests")]
    assert bool(notes) == (verdict == "stuck")
    assert all("a first boot never elects a leader: it counts 4 servers" in note for note in notes)
