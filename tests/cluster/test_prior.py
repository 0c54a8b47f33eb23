"""What an upgrade is compared with: the release that the calling helm upgrades, read from where that helm reads it."""

from __future__ import annotations

import json
import uuid

import pytest
import yaml

pytestmark = pytest.mark.helm

VALUES = "config.cluster.enabled=true,config.jetstream.enabled=true,config.gateway.enabled=true"
RENAMED = {"us-east": {"serverNames": {"prefix": "east-"}}}


@pytest.fixture(params=[3, 4], ids=["helm3", "helm4"])
def major(request):
    """Both majors of helm."""
    return request.param


@pytest.fixture
def last(run):
    """The report of natsvalues' last run, as JSON."""
    return lambda: json.loads(run("natsvalues", "last", "--json", check=True).stdout)


@pytest.fixture
def codes(last):
    """The codes of the errors with which the last run ended."""
    return lambda: [error["code"] for error in last().get("errors", ())]


@pytest.fixture
def contexts(cluster, namespace, tmp_path):
    """A kubeconfig with two contexts, `here` (the current one) and `there`, and the namespace of `there`."""
    there = type(namespace)(cluster, f"t-{uuid.uuid4().hex[:12]}")
    value = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": there.name}}
    assert cluster.request("POST", "/api/v1/namespaces", value)[0] == 201
    config = json.loads(cluster.kubeconfig("admin", namespace.name))
    of = {"cluster": "test", "user": "admin"}
    config["contexts"] = [
        {"name": name, "context": of | {"namespace": space.name}}
        for name, space in (("here", namespace), ("there", there))
    ]
    config["current-context"] = "here"
    path = tmp_path / "contexts.kubeconfig"
    path.write_text(json.dumps(config))
    path.chmod(0o600)
    return str(path), there


# --- the release that is upgraded ---------------------------------------------------------------------------


def test_by_itself_the_upgraded_release_is_compared(codes, install, last, major, namespace, overlays):
    """No option is needed: a first installation says nothing, and an upgrade that loses streams is refused."""
    install(major, "nats", region="us-east", overlays=overlays("join"))
    assert last()["prior"] is None
    assert [item for item in last()["notices"] if item["level"] == "warning"] == []
    before = namespace.versions()
    done = install(major, "nats", region="us-east", overlays=overlays("join", RENAMED), check=False)
    assert (done.returncode, codes()) == (1, ["NV-P001"])
    assert last()["prior"] == {
        "label": f"release {namespace}/nats, revision 1, context admin",
        "context": "admin",
        "namespace": namespace.name,
        "release": "nats",
        "revision": 1,
        "status": "deployed",
    }
    assert namespace.versions() == before
    install(major, "nats", region="us-east", overlays=overlays("join"))
    assert last()["prior"]["revision"] == 1


def test_a_forgotten_post_renderer_has_a_way_back(helm, install, last, major, overlays):
    """The upgrade after it would rename the servers again: it is refused, and says from where it is safe."""
    prefix = {"us-east": {"serverNames": {"prefix": "us-east-"}}}
    install(major, "nats", region="us-east", overlays=overlays("join", prefix))
    install(major, "nats")
    done = install(major, "nats", region="us-east", overlays=overlays("join", prefix), check=False)
    assert done.returncode == 1
    hints = [error["help"] for error in last()["errors"]]
    assert "helm rollback nats 1" in hints[0]
    assert not any("rollback" in hint for hint in hints[1:])
    helm(major, "rollback", "nats", "1")
    install(major, "nats", region="us-east", overlays=overlays("join", prefix))
    assert last()["prior"]["revision"] == 3


@pytest.mark.parametrize("off", ["option", "variable"])
def test_it_can_be_switched_off(helm4, install, last, namespace, off, overlays):
    """With --prior=none, or NATSVALUES_PRIOR=none, nothing is compared."""
    assert helm4
    install(4, "nats", region="us-east", overlays=overlays("join"))
    more, env = (("--prior=none",), {}) if off == "option" else ((), {"NATSVALUES_PRIOR": "none"})
    install(4, "nats", region="us-east", overlays=overlays("join", RENAMED), more=more, env=env)
    assert last()["prior"] is None
    assert namespace.stored("nats") == [1, 2]


def test_helm_template_asks_no_cluster(helm, install, last, major, nats_chart, overlays):
    """A release is there, and `helm template` of the same name is not compared with it."""
    install(major, "nats", region="us-east", overlays=overlays("join"))
    folder = overlays("join", RENAMED)
    words = ("template", "nats", nats_chart, "--is-upgrade", "--set", VALUES)
    assert "east-$(POD_NAME)" in helm(major, *words, region="us-east", overlays=folder).stdout
    assert last()["prior"] is None


def test_a_release_that_cannot_be_read_in_time_is_a_warning(install, last, major, namespace, overlays):
    """Nobody asked for the comparison, so it stops no upgrade; asked for, it does."""
    install(major, "nats", region="us-east", overlays=overlays("join"))
    hasty = {"NATSVALUES_HELM_SECONDS": "0.001"}
    install(major, "nats", region="us-east", overlays=overlays("join"), env=hasty)
    [warning] = [item for item in last()["notices"] if item["level"] == "warning"]
    assert warning["message"].startswith(
        "not compared with the prior release, so a loss would not be noticed: `helm get`"
    )
    assert "--prior=none" in warning["help"]
    named = {"region": "us-east", "more": ("--prior=release:nats",)}
    done = install(major, "nats", **named, overlays=overlays("join"), env=hasty, check=False)
    assert done.returncode == 1
    assert namespace.stored("nats") == [1, 2]


def test_a_script_around_natsvalues_changes_nothing(codes, helm, helm3, install, nats_chart, overlays, tmp_path):
    """Its parent is the script then, and helm the next above."""
    assert helm3
    install(3, "nats", region="us-east", overlays=overlays("join"))
    script = tmp_path / "post-renderer"
    script.write_text('#!/bin/sh\nnatsvalues post-render "$@" | cat\n')
    script.chmod(0o755)
    words = ("upgrade", "nats", nats_chart, "--set", VALUES, "--post-renderer", str(script))
    words += ("--post-renderer-args", "--region=us-east")
    words += ("--post-renderer-args", f"--overlays={overlays('join', RENAMED)}")
    helm(3, *words, check=False)
    assert codes() == ["NV-P001"]


@pytest.mark.parametrize("suffix", ["json", "txt"])
def test_the_report_needs_no_prior_either(install, major, namespace, overlays, suffix, tmp_path):
    """Each upgrade leaves a report, the first installation too, and it says what was compared."""
    file = tmp_path / f"diff.{suffix}"
    for stage in ("expose", "join"):
        install(major, "nats", region="us-east", overlays=overlays(stage), more=(f"--report={file}",))
        text = file.read_text()
        where = f"release {namespace}/nats, revision 1, context admin"
        assert (where in " ".join(text.split())) == (stage == "join")
        if suffix == "json":
            [region] = json.loads(text)["regions"]
            assert region["old"]["revision"] == (1 if stage == "join" else None)
            assert region["firstInstallation"] == (stage == "expose")
            for side in ("old", "new"):
                assert (region[side]["release"], region[side]["context"]) == ("nats", "admin")
            assert region["new"]["region"] == "us-east"
            assert region["objects"]


# --- read as the calling helm reads it ----------------------------------------------------------------------


@pytest.mark.parametrize("given", ["context", "namespace", "kubeconfig", "variable"])
def test_a_named_release_is_read_where_helm_reads_it(codes, contexts, given, install, last, major, overlays, tmp_path):
    """Two releases `nats` with other server names: the one that is upgraded counts, not that of the current context."""
    path, there = contexts
    env = {"KUBECONFIG": path}
    other = tmp_path / "other.kubeconfig"
    other.write_text((tmp_path / "contexts.kubeconfig").read_text().replace('"here"}', '"there"}'))
    other.chmod(0o600)
    words = {
        "context": ("--kube-context", "there"),
        "namespace": ("-n", there.name),
        "kubeconfig": (f"--kubeconfig={other}",),
        "variable": (),
    }[given]
    if given == "variable":
        env["HELM_KUBECONTEXT"] = "there"
    named = {"region": "us-east", "more": ("--prior=release:nats",)}
    install(major, "nats", region="us-east", overlays=overlays("join"), env={"KUBECONFIG": path})
    install(
        major, "nats", *words, region="us-east", overlays=overlays("join", RENAMED), more=("--prior=none",), env=env
    )
    install(major, "nats", *words, **named, overlays=overlays("join", RENAMED), env=env)  # the same names as before
    assert last()["prior"]["namespace"] == there.name
    assert last()["prior"]["context"] == ("here" if given == "namespace" else "there")
    done = install(major, "nats", *words, **named, overlays=overlays("join"), env=env, check=False)
    assert (done.returncode, codes()) == (1, ["NV-P001"])
    assert there.name in last()["errors"][0]["where"][-1]["file"]
    assert there.stored("nats") == [1, 2]


def test_all_regions_are_compared_in_their_own_namespaces(
    contexts, helm, install, isolated_env, major, namespace, nats_chart, natsvalues, overlays
):
    """Under `helm natsvalues`, too, which sets HELM_NAMESPACE to that of the current context; `-n` counts for all."""
    path, there = contexts
    folder = overlays("join")
    for context, region in (("here", "us-east"), ("there", "eu-west")):
        install(major, "nats", "--kube-context", context, region=region, overlays=folder, env={"KUBECONFIG": path})
    env = {"HELM_PLUGINS": isolated_env["HELM_PLUGINS"], "KUBECONFIG": path}
    natsvalues(major, "plugin", "install", env=env, check=True)
    with open(f"{folder}/ap-south.yaml", encoding="utf-8") as file:
        assert yaml.safe_load(file)["name"] == "ap-south"
    words = ("diff", "--all-regions", "nats", nats_chart, "--set", VALUES, f"--overlays={folder}", "-o", "json")
    words += ("--context-of=us-east=here", "--context-of=eu-west=there", "--context-of=ap-south=there")
    for told in (natsvalues(major, *words, env=env), helm(major, "natsvalues", *words, env=env)):
        regions = {item["region"]: item for item in json.loads(told.stdout)["regions"]}
        assert {name: item["old"]["namespace"] for name, item in regions.items()} == {
            "us-east": namespace.name,
            "eu-west": there.name,
            "ap-south": there.name,
        }
        assert [regions[name]["objects"] for name in ("us-east", "eu-west")] == [[], []]
        assert "context there" in regions["eu-west"]["old"]["label"]
        assert (regions["ap-south"]["notes"][0]["id"], regions["ap-south"]["worst"]) == ("DI109", "data-loss")
    stated = helm(major, "-n", namespace.name, "natsvalues", *words, env=env)
    assert {item["old"]["namespace"] for item in json.loads(stated.stdout)["regions"]} == {namespace.name}


# --- another region -----------------------------------------------------------------------------------------


def test_another_regions_release_is_refused(codes, differences, install, major, namespace, nats_chart, overlays):
    """A wrong --region is refused for itself; allowed, what else it would lose is refused; diff opens with it."""
    folder = overlays("join")
    install(major, "nats", region="us-east", overlays=folder)
    before = namespace.versions()
    done = install(major, "nats", region="eu-west", overlays=folder, check=False)
    assert (done.returncode, codes()) == (1, ["NV-P004"])
    install(major, "nats", region="eu-west", overlays=folder, more=("--allow=region",), check=False)
    assert set(codes()) == {"NV-P001"}
    assert namespace.versions() == before
    told = differences(major, "nats", nats_chart, "--set", VALUES, "--region=eu-west", f"--overlays={folder}")
    assert told["notes"][0]["message"].startswith("the old release was rendered for region `us-east`, and the new one")
    assert told["worst"] == "data-loss"


# --- earlier revisions --------------------------------------------------------------------------------------


@pytest.fixture
def walk(install, major, overlays):
    """Upgrade eu-west, which joins as empty: `walk("expose")`, or without the post-renderer: `walk(None)`."""

    def step(stage, *more, words=(), **keywords):
        if stage is None:
            return install(major, "nats", *words, **keywords)
        return install(major, "nats", *words, region="eu-west", overlays=overlays(stage), more=more, **keywords)

    return step


def lost(differences, major, nats_chart, folder):
    """What `diff` says of the next upgrade: the losses that an earlier revision brings about."""
    told = differences(major, "nats", nats_chart, "--set", VALUES, "--region=eu-west", f"--overlays={folder}")
    reasons = {note["message"] for note in told["notes"]}
    reasons |= {change["impact"]["reason"] or "" for item in told["objects"] for change in item["changes"]}
    return sorted(reason for reason in reasons if "(so it was in revision" in reason)


def stamps(namespace):
    """The annotations of the live StatefulSet."""
    return namespace.get("StatefulSet", "nats")["metadata"]["annotations"]


def test_a_forgotten_post_renderer_is_remembered(
    codes, differences, last, major, nats_chart, namespace, overlays, walk
):
    """JetStream ran alone in revision 2. That revision 3 has none does not empty the store; accepted, it is over."""
    walk("expose")
    walk(None)
    walk("expose", check=False)
    assert codes() == ["NV-P001", "NV-P001"]  # other server names, and a region that ran alone
    walk("expose", "--prior=none")
    walk("expose", check=False)  # nothing has emptied the store meanwhile
    assert codes() == ["NV-P001", "NV-P001"]
    walk("join", check=False)
    assert codes() == ["NV-P001", "NV-P001"]
    assert all("(so it was in revision 2)" in error["message"] for error in last()["errors"])
    assert len(lost(differences, major, nats_chart, overlays("join"))) == 2
    walk("expose", "--allow=join-with-state", "--allow=server-names")
    assert stamps(namespace)["natsvalues.io/accepted"] == "3: join-with-state,server-names"
    walk("expose")
    assert lost(differences, major, nats_chart, overlays("join")) == []
    walk("join")
    assert "natsvalues.io/accepted" not in stamps(namespace)
    walk("join")
    assert namespace.stored("nats") == [1, 2, 3, 4, 5, 6, 7]


def test_a_revision_that_failed_may_have_run(codes, differences, last, major, nats_chart, overlays, walk):
    """The forgotten post-renderer's revision failed in the end, and its servers ran: it counts until it is accepted."""
    walk("expose")
    refused = ("--set", "service.merge.spec.clusterIP=300.0.0.1")
    assert walk(None, words=refused, check=False).returncode == 1
    walk("join", check=False)
    assert codes() == ["NV-P001"]
    assert "(so it was in revision 2, which is failed and may have run)" in last()["errors"][0]["message"]
    assert len(lost(differences, major, nats_chart, overlays("join"))) == 1
    walk("join", "--allow=join-with-state")
    walk("join")


def test_an_exported_history_says_the_same(differences, kubectl_on, major, nats_chart, overlays, tmp_path, walk, helm):
    """The Secrets of all revisions in a file are read like the release in the cluster."""
    walk("expose")
    walk(None)
    walk("expose", "--prior=none")
    folder = overlays("join")
    words = ("template", "nats", nats_chart, "--is-upgrade", "--set", VALUES)
    (tmp_path / "new.yaml").write_text(helm(major, *words, region="eu-west", overlays=folder).stdout)
    (tmp_path / "all.yaml").write_text(kubectl_on("get", "secret", "-l", "owner=helm", "-o", "yaml").stdout)
    for old in ("all.yaml", "release:nats"):
        told = differences(major, old, "new.yaml", f"--overlays={folder}")
        assert any("(so it was in revision 2)" in note["message"] for note in told["notes"]), old
        assert told["worst"] == "data-loss"


def test_a_rollback_brings_no_acceptance_back(codes, helm, major, walk):
    """The stamp of revision 3 is in revision 5 again, and does not cover that JetStream ran alone in revision 4."""
    accepted = ("--allow=join-with-state", "--allow=server-names")
    walk("expose", "--prior=none")
    walk(None)
    walk("expose", *accepted)
    walk(None)
    helm(major, "rollback", "nats", "3")
    walk("join", check=False)
    assert set(codes()) == {"NV-P001"}
    walk("expose", *accepted)
    walk("join")
