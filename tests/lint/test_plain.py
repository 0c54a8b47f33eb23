"""Plain nats.conf files under the rules: as in a rendering, and with nothing about Kubernetes."""

from __future__ import annotations

import json
import os
import re

import pytest

from natsvalues.cli.lint_inputs import Inputs, subject
from natsvalues.lint.linter import lint
from natsvalues.lint.plain import plain_subject
from natsvalues.lint.rule import rule
from natsvalues.lint.rules import RULES, find_rule
from natsvalues.lint.subject import Subject, cluster_of, clusters_of
from natsvalues.manifests.plain import Plain, plain_release
from natsvalues.manifests.release import Release

ON_PLAIN = {rule.id for rule in RULES if rule.needs == "configuration" and rule.applies_to != "server"}
COUNTS = {"JS013", "JS014"}
"""They count servers: a rendering has replicas, a file is one."""
NAMES = ("NM003", "NM005", *COUNTS)
"""Rules about server names: in a rendering they come from the pods, in a plain file from the environment."""
STAMPS = re.compile(r"\n[ ]+natsvalues\.io/[^\n]*")
ONE = """\
server_name: {name}
port: 4222
cluster {{ name: {region}, port: 6222, routes: [nats://a:6222, nats://b:6222] }}
gateway {{ name: {region}, port: 7222, reject_unknown_cluster: true, tls {{ cert_file: c, key_file: k, verify: true }}
  include "{gateways}" }}
"""


@pytest.fixture
def write(tmp_path):
    """Write files below the test's folder, and give its path."""

    def written(**files):
        for name, text in files.items():
            path = tmp_path / name.replace("__", "/").replace("_conf", ".conf")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return str(tmp_path)

    return written


def found(report) -> set[tuple[str, str, tuple[str, ...]]]:
    """What rules of the configuration found, wherever it stands."""
    return {
        (finding.rule.id, finding.message, finding.regions)
        for finding in report.findings
        if finding.rule.id in ON_PLAIN and finding.rule.id not in NAMES
    }


def as_plain(cluster):
    """The cluster of a nats.conf as a plain file."""
    version = str(cluster.version) if cluster.version.known else None
    plain = Plain(f"{cluster.region}.conf", cluster.nats.conf, {})
    release = plain_release(plain, plain.file, cluster.replicas, version)
    return cluster_of(cluster.region, release, release.plain[0], None)


@pytest.mark.helm
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_file_has_the_findings_of_its_rendering(rule, stand_in, examples, tmp_path):
    """The examples of all rules: what needs only the configuration says the same of the file alone."""
    for kind in ("fails", "passes"):
        made = examples.subject(getattr(rule, kind), stand_in, str(tmp_path / kind))
        rendered = [
            item
            for cluster in made.clusters
            for item in clusters_of(
                Release(STAMPS.sub("", cluster.release.text()), cluster.release.file), cluster.region, None, {}
            )
        ]
        if len({cluster.region for cluster in rendered}) < len(rendered):
            continue  # a release with two NATS
        files = tuple(map(as_plain, rendered))

        assert found(lint(Subject(None, {}, files, {}, files=files))) == found(
            lint(Subject(None, {}, tuple(rendered), {}))
        )


@pytest.mark.helm
@pytest.mark.parametrize("code", sorted(ON_PLAIN - {"NM003"} - COUNTS))
def test_each_rule_of_the_configuration_finds_its_example_in_files(code, stand_in, examples, tmp_path):
    """FAIL is found in the files alone, PASS is not."""
    for kind, is_found in (("fails", True), ("passes", False)):
        made = examples.subject(getattr(find_rule(code), kind), stand_in, str(tmp_path / kind))
        files = tuple(map(as_plain, made.clusters))
        report = lint(Subject(None, {}, files, {}, files=files))

        assert (code in {finding.rule.id for finding in report.findings}) == (is_found and code != "NM005"), kind


def test_no_rule_that_needs_kubernetes_runs(write):
    """Nothing about probes, Services and containers is said, or counted as checked."""
    folder = write(a_conf=ONE.format(name="a", region="east", gateways="g.conf"), g_conf="gateways: []")
    report = lint(subject(Inputs((folder,))))

    assert {item.id for item in report.rules} == ON_PLAIN
    assert [finding.rule.id for finding in report.findings] == ["GW010"]


def test_a_new_rule_does_not_run_on_plain_files_unless_it_says_so():
    """A rule may look at anything, so it needs Kubernetes as long as nobody thought about it."""
    words = dict.fromkeys(("why", "source", "remedy", "fails", "passes"), "")

    assert rule("XX001", "x", "error", **words)(lambda _: ()).needs == "kubernetes"


def test_files_of_one_gateway_are_one_region_and_a_shared_fault_is_one_finding(write):
    """Each place is listed; what an included file says is placed there."""
    gateways = "gateways: [\n  {name: west, urls: [nats://w:7222]}\n  {name: west, urls: [nats://v:7222]}\n]\n"
    folder = write(
        east__a_conf=ONE.format(name="a", region="east", gateways="../g.conf"),
        east__b_conf=ONE.format(name="b", region="east", gateways="../g.conf"),
        west__c_conf=ONE.format(name="c", region="west", gateways="../h.conf"),
        g_conf=gateways,
        h_conf="gateways: [{name: east, urls: [nats://e:7222]}]",
    )
    report = lint(subject(Inputs((f"{folder}/east", f"{folder}/west"))))

    assert [(cluster.region, cluster.replicas) for cluster in report.subject.clusters] == [("east", 2), ("west", 1)]
    assert [finding.rule.id for finding in report.findings] == ["GW009"]
    places = [(os.path.basename(where.file), where.line, where.column) for where in report.findings[0].where]
    assert places == [("g.conf", 3, 3), ("g.conf", 2, 3)]


def test_a_fault_in_the_last_file_of_a_region_counts_between_regions(write):
    """Every server of a region is compared with the other regions, not the first one alone."""
    well = "gateways: [{name: east, urls: [nats://e:7222]}, {name: west, urls: [nats://w:7222]}]"
    folder = write(
        **{f"e__{name}_conf": ONE.format(name=name, region="east", gateways="../g.conf") for name in "abc"},
        **{f"w__{name}_conf": ONE.format(name=name, region="west", gateways="../g.conf") for name in "de"},
        w__f_conf=ONE.format(name="f", region="west", gateways="none.conf"),
        w__none_conf="gateways: [{name: north, urls: [nats://n:7222]}]",
        g_conf=well,
    )
    report = lint(subject(Inputs((f"{folder}/e", f"{folder}/w"))))

    assert [(item.rule.id, item.regions) for item in report.findings] == [("GW013", ("west", "east"))]
    assert os.path.basename(report.findings[0].where[0].file) == "none.conf"


def test_two_servers_of_one_name_are_found_in_one_region_and_between_two(write):
    """Not where the name is a variable, which each server's environment sets."""
    text = "server_name: {}\ncluster {{ name: {}, port: 6222 }}"
    same = write(one__a_conf=text.format("x", "east"), one__b_conf=text.format("x", "east"))
    report = lint(subject(Inputs((f"{same}/one",))))
    assert [item.message for item in report.findings] == ["two servers of `east` are named `x`"]
    assert [(os.path.basename(item.file), item.line) for item in report.findings[0].where] == [
        ("b.conf", 1),
        ("a.conf", 1),
    ]

    apart = write(two__a_conf=text.format("x", "east"), two__b_conf=text.format("x", "west"))
    report = lint(subject(Inputs((f"{apart}/two",))))
    assert [item.message for item in report.findings] == ["`east` and `west` both have a server named `x`"]

    named = write(three__a_conf=text.format("$NAME", "east"), three__b_conf=text.format("$NAME", "east"))
    assert lint(subject(Inputs((f"{named}/three",)))).findings == ()


def test_a_clustered_jetstream_server_needs_a_name(write):
    """The place is the file; a name that every file has for itself is no finding."""
    conf = "jetstream: true\ncluster { name: c, port: 6222, routes: [nats://b:6222] }\n"
    folder = write(a_conf=conf, b_conf=f"server_name: b\n{conf}", c_conf=f"server_name: c\n{conf}")
    report = lint(subject(Inputs((folder,))))

    assert [item.rule.id for item in report.findings] == ["NM005"]
    assert report.findings[0].where[0][:2] == (f"{folder}/a.conf", 1)


def test_a_comment_in_the_file_ignores_a_finding(write):
    """With a reason, as everywhere."""
    conf = "gateway {\n  name: east\n  port: 7222\n  reject_unknown_cluster: true\n} # natsvalues: ignore GW010 waits\n"
    folder = write(a_conf="# natsvalues: ignore GW010 the others dial it\n\n" + conf)
    report = lint(subject(Inputs((folder,))))

    assert (report.findings, [item.reason for item in report.ignored]) == ((), ["the others dial it"])


def test_the_version_is_known_if_it_is_stated(write):
    """A rule about versions is silent without it."""
    conf = (
        "server_name: a\njetstream: true\ncluster { name: east, port: 6222, routes: [nats://b:6222] }\n"
        "gateway { name: east, port: 7222, reject_unknown_cluster: true, tls { verify: true }\n"
        "  gateways: [{name: west, urls: [nats://w.example.com:7222]}] }\n"
    )
    folder = write(a_conf=conf)

    assert lint(subject(Inputs((folder,)))).findings == ()
    report = lint(subject(Inputs((folder,), nats_version="2.11.4")))
    assert {item.rule.id for item in report.findings} == {"GW015", "GW016"}
    assert {(item.where[0].line, item.where[0].column) for item in report.findings} == {(5, 3)}


def test_a_region_of_one_file_may_have_other_servers(write):
    """Nobody says that its one server never elects a leader: the other servers' files are elsewhere."""
    conf = "server_name: a\njetstream: true\ncluster { name: c, port: 6222, routes: [nats://127.0.0.1:6223] }"

    assert lint(subject(Inputs((write(a_conf=conf),)))).findings == ()


def test_a_file_that_is_given_twice_is_one_server(tmp_path):
    """Through a link, too."""
    path = tmp_path / "a.conf"
    path.write_text("server_name: x\nport: 4222", encoding="utf-8")
    os.symlink(path, tmp_path / "b.conf")
    files = [Plain(str(tmp_path / name), path.read_text(encoding="utf-8"), {}) for name in ("a.conf", "b.conf")]

    assert len(plain_subject(files).files) == 1


def test_what_seems_to_be_doubtful_is_reported_in_the_included_file(write):
    """As in nats.conf itself."""
    folder = write(a_conf='port: 4222\n\ninclude "b.conf"', b_conf="debug: false\nmax_payload: 16Ei\n")
    report = lint(subject(Inputs((folder,))))

    assert [item.rule.id for item in report.findings] == ["HS005"]
    assert report.findings[0].where[0][:2] == (f"{folder}/b.conf", 2)


def test_the_nine_files_of_a_public_supercluster(shared, tmp_path):
    """Three regions of three servers, in the folders of their repository; the included files are written here."""
    cases = os.path.join(shared or "", "realworld")
    if shared is None or not os.path.isdir(cases):
        pytest.skip("not in this clone: public configurations (../shared/realworld)")
    with open(os.path.join(cases, "index.tsv"), encoding="utf-8") as file:
        rows = [line.split("\t") for line in file if "ColinSullivan1" in line]
    for case, _, path, *_ in rows:
        (tmp_path / path).parent.mkdir(exist_ok=True)
        with open(os.path.join(cases, "cases", case), encoding="utf-8") as file:
            (tmp_path / path).write_text(file.read(), encoding="utf-8")
    (tmp_path / "auth").mkdir()
    (tmp_path / "auth" / "auth.conf").write_text("accounts: {SYS: {}}\nsystem_account: SYS\n", encoding="utf-8")
    remotes = [
        {"name": f"region{number}", "urls": [f"nats://localhost:{number + 3}50{server}" for server in range(3)]}
        for number in (1, 2, 3)
    ]
    (tmp_path / "gateways.conf").write_text(f"gateways: {json.dumps(remotes, indent=1)}\n", encoding="utf-8")
    regions = tuple(str(tmp_path / f"region{number}") for number in (1, 2, 3))

    for paths in (regions, regions[:2], *((path,) for path in regions)):
        report = lint(subject(Inputs(paths)))
        assert [len(report.subject.files), len(report.subject.clusters)] == [3 * len(paths), len(paths)]
        assert [item.rule.id for item in report.findings] == ["GW006", "SE005"] * len(paths)
        assert all(len(item.where) == 3 for item in report.findings)
