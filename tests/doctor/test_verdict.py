"""What is a finding, what merely follows, what is unknown; and that no report or bundle has a secret."""

from __future__ import annotations

import json
import os

import jsonschema
import pytest
import seeding

from natsvalues.cli.doctor import formatted
from natsvalues.cli.doctor_options import FORMATS
from natsvalues.doctor.examination import examine
from natsvalues.doctor.rules.objects import negative_seconds
from natsvalues.doctor.seen import content_of, seen_in
from natsvalues.report.bundle import bundle_text, read_bundle, without_its_secrets
from natsvalues.report.doctor_json import doctor_json, schema
from natsvalues.report.doctor_text import changed_lines, doctor_text

SEEDED = "s3cr3t-of-the-tests"


def ids(findings):
    """The rules of findings."""
    return {finding.rule.id for finding in findings}


def statuses(examination, item):
    """The status of an item in each region."""
    return {one.region: one.status for one in examination.items if one.id == item}


def test_what_follows_is_not_among_the_findings():
    """A region whose pods cannot start is not connected, and takes the leader with it: one finding."""
    waiting = {"name": "nats", "state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}}
    pods = {f"nats-{number}": {"status": {"containerStatuses": [waiting]}} for number in range(3)}
    examination = examine(
        seeding.seeded({
            "us-east": {"gatewayz": {"outbound_gateways": None}, "healthz": 503},
            "eu-west": {"pods": pods, "silent": ["nats-0", "nats-1", "nats-2"]},
            "leader": "",
        })
    )  # fmt: skip
    assert ids(examination.report.findings) == {"DR103"}
    assert {"DR304"} <= ids(examination.following)
    assert statuses(examination, "remotes") == {"us-east": "fail", "eu-west": "fail"}


def test_a_follower_without_a_reason_is_a_finding():
    """Nothing else explains it."""
    examination = examine(seeding.seeded({"us-east": {"gatewayz": {"outbound_gateways": None}}}))
    assert ids(examination.report.findings) == {"DR304"}
    [finding] = examination.report.findings
    assert "this is one way only" in finding.message
    assert finding.regions == ("us-east", "eu-west")


@pytest.mark.parametrize(
    ("statuses", "number", "words"),
    [
        ((), None, "revision unknown"),
        (("superseded", "deployed"), 2, "revision 2"),
        (("deployed", "failed"), 1, "revision 1 (2 is failed)"),
        (("failed",), 1, "revision 1 (failed)"),
    ],
)
def test_the_head_names_the_release_and_its_revision(statuses, number, words):
    """Of each region: context, namespace, release, and which revision runs, with a newer one that does not."""
    content = seeding.healthy()
    region = content["regions"][1]
    region["revisions"] = [
        {"revision": at, "status": status, "stamped": True, "edited": False} for at, status in enumerate(statuses, 1)
    ]
    examination = examine(seen_in(content))
    where = f"context {region['context']}, namespace {region['namespace']}, release {region['release']}"
    line = f"{region['name']}: {where}, {words}"

    assert doctor_text(examination).splitlines()[1:3] == [line, f"seen at {content['at']}"]
    assert f"- {line}\n" in formatted(examination, "markdown", "error")
    assert f'<p class="aside">{line}</p>' in formatted(examination, "html", "error")
    assert json.loads(doctor_json(examination))["regions"][1]["revision"] == number


def test_a_region_that_could_not_be_read_is_unknown():
    """Its items say why, the other region's meta group cannot be counted, and nothing is blamed on it."""
    content = seeding.healthy()
    content["regions"][1] |= {"objects": {}, "pages": {}, "unseen": {"cluster": "no response within 5 s"}}
    examination = examine(seen_in(content))
    assert examination.report.findings == ()
    assert {item.status for item in examination.items if item.region == "eu-west"} == {"unknown"}
    assert statuses(examination, "meta-leader") == {"us-east": "unknown", "eu-west": "unknown"}
    text = doctor_text(examination)
    assert text.count("no response within 5 s") == 2, "at the first item, and among what was not looked at"
    assert text.endswith("; not read: eu-west\n")
    assert [examination.fails(threshold) for threshold in ("error", "never")] == [True, False]


def test_an_item_says_what_the_servers_are_called_and_not_what_the_region_is():
    """The name of the cluster is that of nats.conf, and nothing is said of servers that do not answer."""
    content = seeding.healthy()
    region = content["regions"][1]
    for item in region["objects"]["configmaps"]:
        text = item["data"]["nats.conf"].replace('"name": "eu-west"', '"name": "before"')
        item["data"]["nats.conf"] = text
    region["objects"]["pods"] = []
    region["pages"] = {}
    facts = {item.id: item for item in examine(seen_in(content)).items if item.region == "eu-west"}
    assert facts["names"].effective == "cluster before; gateway before"
    assert (facts["probes"].status, facts["probes"].effective) == ("fail", "no pod was seen")


@pytest.mark.parametrize(
    ("kinds", "item"),
    [
        (("pods",), "probes"),
        (("endpointslices",), "endpoints"),
        (("events", "persistentvolumeclaims"), None),
    ],
)
def test_what_was_not_seen_makes_its_item_unknown(kinds, item):
    """And is listed at the end; nothing is blamed."""
    content = seeding.healthy()
    for region in content["regions"]:
        for kind in kinds:
            del region["objects"][kind]
            region["unseen"][kind] = "forbidden"
        if "pods" in kinds:
            region["pages"], region["digests"] = {}, {}
    examination = examine(seen_in(content))
    assert examination.report.findings == ()
    assert item is None or set(statuses(examination, item).values()) == {"unknown"}
    assert {(unseen.question, unseen.reason) for unseen in examination.unseen} == {
        (kind, "forbidden") for kind in kinds
    }


def test_names_are_unknown_where_no_dns_answered():
    """Not wrong."""
    fault = {"here": {"fault": "Temporary failure"}, "cluster": None}
    names = {f"nats-gw-{region}.example.com": fault for region in ("us-east", "eu-west")}
    examination = examine(seeding.seeded({"us-east": {"names": names}, "eu-west": {"names": names}}))
    assert examination.report.findings == ()
    assert set(statuses(examination, "advertise").values()) == {"unknown"}


def test_the_cloud_answers_its_item():
    """What the cloud has replaces what the annotations ask for."""
    metadata = {"annotations": {"metallb.io/loadBalancerIPs": None}}
    fault = {"services": {"nats-gateway": {"metadata": metadata}}}
    group = {
        "name": "g",
        "check": {"protocol": "TCP", "port": "traffic-port"},
        "targets": [{"id": "a", "state": "healthy"}],
    }
    listeners = [{"port": 7222, "groups": ["g"]}]
    balancer = {"cloud": "aws", "kind": "network", "name": "a", "listeners": listeners, "groups": [group]}
    cloud = {"balancers": {"nats-gateway": {"cloud": "aws", "balancer": balancer}}}
    examination = examine(seeding.seeded({"us-east": fault | cloud, "eu-west": fault}))
    assert statuses(examination, "balancer-health-check") == {"us-east": "pass", "eu-west": "unknown"}


def test_what_is_added_to_a_region_is_in_no_other():
    """A record that says nothing of load balancers has a collection of its own for them."""
    first, second = seeding.seeded({}).regions
    first.balancers["nats-gateway"] = {}
    assert (second.balancers, seeding.seeded({}).regions[0].balancers) == ({}, {})


def test_a_bundle_gives_the_same():
    """Through a file, every format, for a fault and without one."""
    for fault in ({}, {"stuck": True}):
        seen = seeding.seeded(fault)
        again = read_bundle(bundle_text(seen), "incident.json")
        assert content_of(again) == content_of(seen)
        for name in FORMATS:
            assert formatted(examine(again), name, "error") == formatted(examine(seen), name, "error")


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": 2, "regions": []}', '{"format": 1, "at": "", "regions": [{}]}']
)
def test_another_file_is_no_bundle(text):
    """An error with a code, not a trace."""
    with pytest.raises(Exception, match="not a bundle of this version"):
        read_bundle(text, "incident.json")


def test_json_agrees_with_its_schema():
    """With findings and without."""
    for fault in ({}, {"stuck": True}, {"us-east": {"secrets": {"gateway-tls": None}}}):
        report = json.loads(doctor_json(examine(seeding.seeded(fault))))
        jsonschema.Draft202012Validator(schema()).validate(report)


def test_no_secret_leaves_the_record():
    """In nats.conf, variables, annotations, pages, logs, reasons: not in a bundle, not in a report."""
    secret = f"https://admin:{SEEDED}@example.com"
    seen = seeding.seeded({
        "us-east": {
            "conf": {'"port": 4222': f'"port": 4222, "authorization": {{"user": "a", "password": "{SEEDED}"}}'},
            "statefulsets": {"nats": {"metadata": {"annotations": {"example.com/api-token": SEEDED}},
                                      "spec": {"template": {"metadata": {"annotations": {"url": secret}}}}}},
            "pods": {"nats-0": {"spec": {"initContainers": [{"env": [{"name": "PASSWORD", "value": SEEDED}]}]}}},
            "varz": {"nats-0": {"auth_token": SEEDED, "cluster": {"urls": [secret]}}},
            "troubles": {"nats-1": {"authorization": f"authentication error for nats://a:{SEEDED}@b"}},
            "unseen": {"nodes": f"dial https://a:{SEEDED}@c failed"},
            "about": {"corefile": f"forward . https://a:{SEEDED}@d"},
        }
    })  # fmt: skip
    assert SEEDED in bundle_text(seen)
    safe = without_its_secrets(seen)
    examination = examine(safe)
    for text in (bundle_text(safe), *(formatted(examination, name, "error") for name in FORMATS)):
        assert SEEDED not in text
    assert [region.name for region in safe.regions if region.name not in examination.live.regions] == []


def test_changes_are_a_line_each():
    """First all items, then what differs, and what is solved."""
    before, now = (
        examine(seeding.seeded({})),
        examine(seeding.seeded({"us-east": {"varz": {"nats-1": {"version": "2.12.8"}}}})),
    )
    assert len(changed_lines(None, before)) == 18
    assert changed_lines(before, before) == []
    assert [line.split()[1].partition("[")[0] for line in changed_lines(before, now)] == ["us-east", "warning"]
    assert any(" solved[DR205] " in line for line in changed_lines(now, before))


@pytest.mark.parametrize(
    ("corefile", "seconds"),
    [
        (".:53 {\n    kubernetes cluster.local {\n       ttl 30\n    }\n    cache 30\n}\n", 30),
        (".:53 {\n    kubernetes cluster.local {\n       ttl 300\n    }\n    cache 30\n}\n", 30),
        (".:53 {\n    kubernetes cluster.local\n    cache\n}\n", 5),
        (".:53 {\n    kubernetes cluster.local {\n ttl 600\n }\n    cache 3600 {\n denial 9984 5\n }\n}\n", 5),
        (".:53 {\n    kubernetes cluster.local {\n ttl 600\n }\n    cache\n}\n", 600),
        (".:53 {\n    kubernetes cluster.local {\n ttl 600\n }\n}\n", 600),
        (".:53 {\n    forward . 8.8.8.8\n}\n", None),
        ("", None),
    ],
)
def test_how_long_a_negative_answer_is_kept(corefile, seconds):
    """The smaller one of the cache's time and the zone's."""
    assert negative_seconds(corefile) == seconds


def test_sarif_is_sarif():
    """With doctor's own rules among those of the tool."""
    with open(
        os.path.join(os.path.dirname(seeding.HERE), "report", "sarif-2.1.0-rtm.5.json"), encoding="utf-8"
    ) as file:
        validator = jsonschema.Draft4Validator(json.load(file))
    content = json.loads(formatted(examine(seeding.seeded({"stuck": True})), "sarif", "error"))
    validator.validate(content)
    [run] = content["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])
    assert "DR401" in {result["ruleId"] for result in run["results"]}
