"""The scenarios with real servers: what loses data is told as lossy, what is safe as safe."""

import json
import os

import pytest

pytestmark = [pytest.mark.nats, pytest.mark.helm, pytest.mark.slow, pytest.mark.timeout(300)]
TWO = ("us-east", "eu-west")


def test_ours_comes_together_in_every_scenario(our_folder, rehearse):
    """First install, cold region, rolling update, a region cut off, a late load balancer, a lost server."""
    names = ("cold-region", "rolling", "cut-off", "late-balancer", "server-lost")
    more = [word for name in names for word in ("--scenario", name)]

    done = rehearse(our_folder("2.14.2", *TWO), "first-install", *more, "--jobs", "4")

    assert (done.code, done.report["verdict"], done.report["lossy"]) == (0, "converged", False), done.told()
    assert [item["scenario"] for item in done.report["scenarios"]] == ["first-install", *names]
    for scenario in done.report["scenarios"]:
        assert {fate["fate"] for fate in scenario["streams"]} == {"kept"}, done.told()
        assert scenario["messages"]["acknowledged"] >= 40
        assert scenario["meta_groups"][0]["size"] == 6


def test_regions_with_a_meta_group_each_come_together(our_folder, rehearse):
    """Scope region: two groups of three after a cold restart, and both streams with all their messages."""
    done = rehearse(our_folder("2.14.2", *TWO, scope="region"), "cold-restart")

    assert (done.code, done.report["lossy"]) == (0, False), done.told()
    assert sorted(group["size"] for group in done.scenario["meta_groups"]) == [3, 3]
    assert {fate["fate"] for fate in done.scenario["streams"]} == {"kept"}


def test_a_first_boot_with_remotes_never_elects_in_scope_region(our_folder, rehearse):
    """All at once from nothing is stuck, and the remedy is the stage that was left out."""
    done = rehearse(our_folder("2.14.2", *TWO, scope="region"), "first-install", "--expect", "stuck")

    assert (done.code, done.report["verdict"]) == (0, "stuck"), done.told()
    assert "stage local or expose" in done.scenario["remedy"]


@pytest.mark.parametrize(
    ("scope", "version"),
    [("supercluster", "2.14.2"), ("region", "2.14.2"), ("supercluster", "2.11.10"), ("supercluster", "2.15.1")],
)
def test_the_stages_in_their_order_lose_nothing(cases, renderer, rehearse, tmp_path, scope, version):
    """From the overlays and one plain rendering: local, expose, join (the seed first), with streams from the start."""
    cases.write_overlays(str(tmp_path / "overlays"), TWO, scope)
    plain = tmp_path / "plain.yaml"
    plain.write_text(renderer.template(version), encoding="utf-8")

    done = rehearse(None, "stage-walk", "--overlays", str(tmp_path / "overlays"), "--rendering", str(plain))

    assert (done.code, done.report["verdict"], done.report["lossy"]) == (0, "converged", False), done.told()
    assert len(done.scenario["times"]) == 6
    assert {(fate["region"], fate["fate"]) for fate in done.scenario["streams"]} == {(name, "kept") for name in TWO}
    sizes = sorted(group["size"] for group in done.scenario["meta_groups"])
    assert sizes == ([6] if scope == "supercluster" else [3, 3])


@pytest.mark.parametrize("version", ["2.10.26", "2.12.8", "2.14.6", "2.15.1"])
def test_the_account_that_leaf_nodes_need_loses_nothing(version, cases, renderer, rehearse, tmp_path):
    """The rolling restart from stage local to expose states the default system account: the stream stays whole."""
    cases.write_overlays(str(tmp_path / "overlays"), ("us-east",))
    plain = tmp_path / "plain.yaml"
    plain.write_text(renderer.template(version, "config.leafnodes.enabled=true"), encoding="utf-8")

    walk = ("--overlays", str(tmp_path / "overlays"), "--rendering", str(plain))
    done = rehearse(None, "stage-walk", *walk, versions=(version,))

    assert (done.code, done.report["lossy"]) == (0, False), done.told()
    assert [fate["fate"] for fate in done.scenario["streams"]] == ["kept"], done.told()


def test_joining_two_regions_that_ran_jetstream_is_lossy(cases, renderer, rehearse, tmp_path):
    """Both hold streams, one system account: everything turns healthy, and the merge is reported as a loss."""
    alone = {region: cases.alone(renderer, "2.14.2", region) for region in TWO}
    cases.write_renderings(str(tmp_path / "walk" / "1-alone"), alone)
    cases.write_renderings(str(tmp_path / "walk" / "2-join"), cases.stock(renderer, "2.14.2", TWO))

    done = rehearse(str(tmp_path / "walk"), "stage-walk", "--expect", "lossy")

    assert done.report["lossy"], done.told()
    causes = " ".join(cause["subject"] for cause in done.scenario["causes"])
    assert "elected leaders separately" in causes
    assert "the seed" in done.scenario["remedy"]
    if done.code == 0:  # which log loses, and whether its stream is gone at once, is chance; mostly it is
        assert done.report["verdict"] == "converged"


def test_a_domain_for_each_region_is_one_meta_group(stock_folder, rehearse):
    """The domains differ, the group is one of six, and it is told so."""
    folder = stock_folder("2.14.2", *TWO, settings=("config.jetstream.merge.domain={region}",))

    done = rehearse(folder, "cold-restart")

    assert (done.code, done.report["verdict"]) == (5, "stuck"), done.told()
    told = " ".join(done.scenario["notes"])
    assert "domains differ (eu-west: eu-west, us-east: us-east), but there is one meta group (size 6)" in told
    assert {group["size"] for group in done.scenario["meta_groups"]} == {6}


def test_an_upgrade_keeps_every_message(cases, renderer, rehearse, tmp_path):
    """From one server version to the next, pod by pod, while somebody publishes."""
    cases.write_overlays(str(tmp_path / "overlays"), TWO)
    for version in ("2.12.8", "2.14.2"):
        renderings = cases.ours(renderer, version, str(tmp_path / "overlays"))
        cases.write_renderings(str(tmp_path / version), renderings)
    report = tmp_path / "junit.xml"

    done = rehearse(
        str(tmp_path / "2.14.2"), "upgrade", "--prior", str(tmp_path / "2.12.8"), "--junit", str(report),
        versions=("2.12.8", "2.14.2"),
    )  # fmt: skip

    assert (done.code, done.report["lossy"]) == (0, False), done.told()
    assert done.scenario["servers"] == dict.fromkeys(TWO, "2.14.2")
    assert {fate["fate"] for fate in done.scenario["streams"]} == {"kept"}
    assert 'failures="0"' in report.read_text(encoding="utf-8")


def test_both_regions_can_be_upgraded_at_the_same_moment(cases, renderer, rehearse, tmp_path):
    """One phase for both: a pod of each region is down at a time, and no message is lost."""
    cases.write_overlays(str(tmp_path / "overlays"), TWO)
    for version in ("2.14.2", "2.14.6"):
        renderings = cases.ours(renderer, version, str(tmp_path / "overlays"))
        cases.write_renderings(str(tmp_path / version), renderings)

    prior = ("--prior", str(tmp_path / "2.14.2"))
    done = rehearse(str(tmp_path / "2.14.6"), "upgrade", *prior, "--at-once", versions=("2.14.2", "2.14.6"))

    assert (done.code, done.report["lossy"]) == (0, False), done.told()
    assert list(done.scenario["times"]) == ["warm-up", "upgrade of eu-west and us-east"]
    assert {fate["fate"] for fate in done.scenario["streams"]} == {"kept"}
    stopping = [event for event in done.scenario["timeline"] if event["kind"] == "pod" and event["text"] == "stopping"]
    assert {event["subject"].partition("/")[0] for event in stopping[:2]} == set(TWO)


def test_tls_between_gateways_is_played_with_throw_away_certificates(cases, renderer, rehearse, tmp_path):
    """Gateways with TLS and verification on both sides connect; no certificate of the release is needed."""
    overlays = tmp_path / "overlays"
    cases.write_overlays(str(overlays), TWO)
    shared = overlays / "supercluster.yaml"
    shared.write_text(shared.read_text(encoding="utf-8") + "gateway: {tls: {secret: gw, ca: {secret: gw-ca}}}\n")
    folder = cases.write_renderings(str(tmp_path / "ours"), cases.ours(renderer, "2.14.2", str(overlays)))

    done = rehearse(folder, "first-install", "--timeline", str(tmp_path / "timeline.json"))

    assert done.code == 0, done.told()
    moves = done.scenario["mapping"]["settings"]["us-east"]
    assert any(move["setting"] == "gateway.tls.cert_file" for move in moves)
    assert json.loads((tmp_path / "timeline.json").read_text(encoding="utf-8"))["verdict"] == "converged"


def test_stored_renderings_of_the_upstream_chart_run(rendered, rehearse, tmp_path):
    """The chart's real rendering of one region with JetStream comes up by itself."""
    text = open(os.path.join(rendered, "nats-2.14.2", "ha.yaml"), encoding="utf-8").read()  # noqa: SIM115
    folder = tmp_path / "renderings"
    folder.mkdir()
    (folder / "ha.yaml").write_text(text, encoding="utf-8")

    done = rehearse(str(folder), "cold-restart")

    assert done.code == 0, done.told()
    assert [group["size"] for group in done.scenario["meta_groups"]] == [3]


def join(cases, renderer, tmp_path, version, regions):
    """Write the releases before and after the second region joins the first, the seed; their folders."""
    folders = []
    for name, stages in (("before", dict.fromkeys(regions, "expose")), ("after", None)):
        overlays = str(tmp_path / f"overlays-{name}")
        cases.write_overlays(overlays, regions, stages=stages)
        folders.append(cases.write_renderings(str(tmp_path / name), cases.ours(renderer, version, overlays)))
    return folders


def test_the_newcomer_first_does_not_come_together_before_2_12(cases, renderer, rehearse, tmp_path):
    """It elects a leader alone: its stream or the seed's is lost, or the regions do not become whole."""
    before, after = join(cases, renderer, tmp_path, "2.11.10", ("us-east", "eu-west"))

    done = rehearse(after, "upgrade", "--prior", before, versions=("2.11.10",))

    assert (done.code, done.report["lossy"]) == (5, True), done.told()
