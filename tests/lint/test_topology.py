"""The picture's facts: who dials whom, which meta groups there are, findings in place."""

from __future__ import annotations

import pytest

from natsvalues.lint.linter import lint
from natsvalues.lint.topology import topology
from natsvalues.supercluster.meta_groups import MetaGroup

pytestmark = pytest.mark.helm


@pytest.fixture
def picture(stand_in, examples, tmp_path):
    """The picture of an example: `picture("conf: {...}")`; of its overlays alone with `overlays_only`."""

    def draw(example, *, overlays_only=False):
        subject = examples.subject(example, stand_in, str(tmp_path))
        return topology(lint(subject._replace(clusters=()) if overlays_only else subject))

    return draw


INDEPENDENT = """\
supercluster: {jetstream: {scope: region}}
us-east: {overlay: {joins: null, systemAccount: $SYS}}
eu-west: {overlay: {joins: null, systemAccount: SYS-eu}}
"""


@pytest.mark.parametrize("overlays_only", [False, True])
def test_shared_jetstream_is_one_meta_group(overlays_only, picture):
    """From renderings as from overlays: the regions dial each other and elect one leader."""
    drawn = picture("{}", overlays_only=overlays_only)

    assert drawn.groups == (MetaGroup("$SYS", ("eu-west", "us-east"), (3, 3)),)
    assert [(link.source, link.target, link.ways) for link in drawn.links] == [("eu-west", "us-east", "both")]
    assert [(node.name, node.servers, node.address, node.balancer) for node in drawn.nodes] == [
        ("eu-west", 3, "nats-gw-eu-west.example.com:7222", "aws-lbc-ip, internal"),
        ("us-east", 3, "nats-gw-us-east.example.com:7222", "aws-lbc-ip, internal"),
    ]


@pytest.mark.parametrize("overlays_only", [False, True])
def test_system_accounts_part_meta_groups(overlays_only, picture):
    """Each region elects its own leader, although gateways connect them."""
    drawn = picture(INDEPENDENT, overlays_only=overlays_only)

    assert drawn.groups == (MetaGroup("SYS-eu", ("eu-west",), (3,)), MetaGroup("$SYS", ("us-east",), (3,)))
    assert len(drawn.links) == 1


def test_a_domain_does_not_part_them(picture):
    """The picture shows what servers do, not what was hoped for."""
    drawn = picture("us-east: {conf: {jetstream: {domain: us}}}\neu-west: {conf: {jetstream: {domain: eu}}}")

    assert len(drawn.groups) == 1
    assert [finding.rule.id for finding in drawn.links[0].findings] == ["JS014", "JS001"]


def test_regions_that_do_not_meet_are_apart(picture):
    """Before a region joins, its JetStream is its own; an empty one has none."""
    overlay = "us-east: {overlay: {stage: local}}\neu-west: {overlay: {stage: expose}}"
    drawn = picture(overlay)

    assert drawn.groups == (MetaGroup("$SYS", ("us-east",), (3,)),)
    assert drawn.links == ()
    assert [node.jetstream for node in drawn.nodes] == ["off", "on"]


def test_one_way_and_absent_remotes(picture):
    """Who is dialled and not there is drawn all the same."""
    mars = "{name: mars, urls: [nats://mars.example.com:7222]}"
    east = "{name: us-east, urls: [nats://nats-gw-us-east.example.com:7222]}"
    example = "{}: {{conf: {{gateway: {{gateways: [{}]}}}}}}\n"
    drawn = picture(example.format("us-east", mars) + example.format("eu-west", east))

    assert drawn.absent == ("mars",)
    assert [(link.source, link.target, link.ways) for link in drawn.links] == [
        ("eu-west", "us-east", "one"),
        ("us-east", "mars", "one"),
    ]


def test_findings_stand_at_their_region(picture):
    """Each once, at the first region it is about."""
    drawn = picture("us-east: {conf: {gateway: {advertise: null}}}")

    assert {node.name: [finding.rule.id for finding in node.findings] for node in drawn.nodes} == {
        "eu-west": ["JS014"],
        "us-east": ["GW001"],
    }


@pytest.mark.parametrize(("overlays_only", "others"), [(False, "2m"), (True, "")])
def test_each_region_has_its_durability(overlays_only, others, picture):
    """What the overlay asks for; the servers' default in a rendering, which overlays alone do not show."""
    drawn = picture("us-east: {overlay: {sync: always}}", overlays_only=overlays_only)

    assert {node.name: node.sync for node in drawn.nodes} == {"eu-west": others, "us-east": "always"}
