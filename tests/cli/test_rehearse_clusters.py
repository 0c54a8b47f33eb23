"""`natsvalues rehearse --contexts`: what it refuses before it asks any cluster, and what consent must name."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from natsvalues.cli.rehearse_clusters import ON_ANY, require_consent, sites_of
from natsvalues.cli.rehearse_options import ClusterOptions
from natsvalues.errors import NatsvaluesError
from natsvalues.rehearsal.outcome import Site
from natsvalues.rehearsal.scenarios import SCENARIOS

KNOWN = {"kind-a": "", "arn:aws:eks:eu:1:cluster/b": "team", "kind-c": ""}
BOTH = "us-east=kind-a,eu-west=arn:aws:eks:eu:1:cluster/b"
NAMES = st.from_regex(r"[a-z][a-z0-9:/@._-]{0,12}", fullmatch=True)


def sites(contexts, namespace=""):
    """The sites of these options."""
    return sites_of(ClusterOptions(contexts, namespace, "nats", None, ""), KNOWN)


@pytest.mark.parametrize(
    ("namespace", "expected"),
    [("", ["default", "team"]), ("nats", ["nats", "nats"]), ("us-east=x", ["x", "team"])],
)
def test_a_site_is_a_context_a_namespace_and_a_release(namespace, expected):
    """The namespace is the one given, for all or for the region; else the context's own; else default."""
    result = sites(BOTH, namespace)

    assert [site.namespace for site in result.values()] == expected
    assert result["us-east"] == Site("kind-a", expected[0], "nats")


@pytest.mark.parametrize(
    ("contexts", "namespace", "words"),
    [
        ("us-east", "", "`us-east` is not REGION=NAME"),
        ("us-east=", "", "is not REGION=NAME"),
        (BOTH + ",", "", "`` is not REGION=NAME"),
        ("us-east=kind-a,us-east=kind-c", "", "names us-east twice"),
        ("us-east=kind-a,eu-west=kind-a", "", "us-east and eu-west are both in kind-a/default"),
        ("us-east=nowhere", "", "no context `nowhere`"),
        (BOTH, "mars=nats", "no region `mars`"),
        (BOTH, "us-east=nats,eu-west", "`eu-west` is not REGION=NAME"),
    ],
)
def test_a_malformed_mapping_is_refused(contexts, namespace, words):
    """One error with a code of its own."""
    with pytest.raises(NatsvaluesError, match=words) as caught:
        sites(contexts, namespace)

    assert caught.value.code == "NV-R034"


@given(st.dictionaries(NAMES, NAMES, min_size=1, max_size=4), NAMES)
def test_every_mapping_is_read_as_it_was_written(contexts, namespace):
    """Whatever characters contexts have; two regions on one context need namespaces of their own."""
    options = ClusterOptions(
        ",".join(f"{key}={name}" for key, name in contexts.items()),
        ",".join(f"{key}={namespace}-{number}" for number, key in enumerate(contexts)), "nats", None, "",
    )  # fmt: skip

    result = sites_of(options, dict.fromkeys(contexts.values(), ""))

    assert {key: site.context for key, site in result.items()} == contexts
    assert [site.namespace for site in result.values()] == [f"{namespace}-{number}" for number in range(len(contexts))]


@given(st.sets(NAMES, min_size=1, max_size=4), st.sets(NAMES, max_size=6))
def test_consent_must_name_every_place(places, named):
    """Nothing less is enough, and the hint is enough."""
    wanted = {place: f"{place}: deletes its pods" for place in sorted(places)}
    if places <= named:
        require_consent(wanted, ",".join(named))
        return
    with pytest.raises(NatsvaluesError) as caught:
        require_consent(wanted, ",".join(named))

    assert caught.value.code == "NV-R035"
    assert all((place in caught.value.message) for place in places - named)
    require_consent(wanted, caught.value.hint.rpartition(" ")[2])


def test_all_on_clusters_are_the_scenarios_that_need_only_what_runs():
    """Neither an installation, nor a network that can be cut."""
    walks = {"first-install", "stage-walk", "upgrade"}
    assert set(ON_ANY) == {name for name, item in SCENARIOS.items() if not item.only_on_loopback} - walks


@pytest.fixture
def refused(run, kubectl, tmp_path):
    """The error of `natsvalues rehearse --contexts …`, with a kubeconfig whose clusters do not exist."""
    path = tmp_path / "kubeconfig"
    clusters = [{"name": "none", "cluster": {"server": "https://127.0.0.1:1"}}]
    contexts = [{"name": name, "context": {"cluster": "none", "user": "none"}} for name in ("kind-a", "kind-c")]
    users = [{"name": "none", "user": {}}]
    config = {"apiVersion": "v1", "kind": "Config", "clusters": clusters, "contexts": contexts, "users": users}
    path.write_text(json.dumps(config), encoding="utf-8")

    def call(*words):
        options = ("--contexts", "us-east=kind-a,eu-west=kind-c", "--kubeconfig", str(path))
        done = run("natsvalues", "rehearse", *options, *words, env={"KUBECTL": kubectl})
        assert (done.returncode, done.stdout) == (1, "")
        return done.stderr

    return call


CONSENT = ("--delete-pods", "kind-a/default,kind-c/default")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--delete-pods", "kind-a/default"), "NV-R035"),
        (("--scenario", "first-install", "--chart", "x"), "NV-R035"),
        (("--scenario", "rolling", "--region", "mars"), "NV-R005"),
        (("--scenario", "cut-off"), "NV-R036"),
        (("--scenario", "late-balancer", "--chart", "x"), "NV-R036"),
        (("--scenario", "first-install", *CONSENT), "NV-R036"),
        (("--scenario", "cold-start"), "NV-R006"),
        (("--namespace", "mars=x"), "NV-R034"),
        (("--rendering", "x.yaml", *CONSENT), "NV-R007"),
        (("--prior", "x", *CONSENT), "NV-R007"),
        (("nowhere", *CONSENT), "NV-R001"),
        (("--timeline", "x.png", *CONSENT), "NV-R009"),
        (("--streams", "streams.yaml", *CONSENT), "NV-R007"),
        (("--scale", "20"), "NV-R042"),
        (("--jobs", "2"), "NV-R042"),
        (("--keep", "x"), "NV-R042"),
        (("--mapping",), "NV-R042"),
        (("--dns", "ttl=5"), "NV-R042"),
        (("--max-servers", "40", "--max-memory", "3072"), "NV-R042"),
    ],
)
def test_what_cannot_be_rehearsed_on_clusters_is_refused(refused, words, code, monkeypatch, tmp_path):
    """Before any cluster is reached: these do not exist. An option that would have no effect is named."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "streams.yaml").write_text("- name: ORDERS\n", encoding="utf-8")
    error = refused(*words)

    assert f"error[{code}]" in error
    assert code != "NV-R042" or all(word in error for word in words if word.startswith("--"))


def test_one_region_needs_consent_for_one_region(refused):
    """A cold restart of the last region says which, and the other one is not in the list."""
    error = refused("--scenario", "cold-region")

    assert "kind-c/default (eu-west: deletes its pods)" in error
    assert "--delete-pods kind-c/default\n" in error
    assert "kind-a" not in error


@pytest.mark.parametrize("option", ["--delete-pods", "--namespace", "--kubeconfig", "--release"])
def test_options_for_clusters_need_contexts(run, option):
    """They would have no effect."""
    done = run("natsvalues", "rehearse", "x", option, "nats")

    assert done.returncode == 1
    assert f"{option}: only with --contexts" in done.stderr
