"""The drawings: readable, complete, self-contained, and safe for any name."""

from __future__ import annotations

import itertools
import re
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest

from natsvalues.errors import Where
from natsvalues.lint.rule import Finding
from natsvalues.lint.rules import find_rule
from natsvalues.lint.topology import Link, Node, Topology
from natsvalues.report.topology_html import topology_html
from natsvalues.report.topology_layout import HEIGHT, LEGEND_LINE, WIDTH, ends, layout, route
from natsvalues.report.topology_mermaid import topology_mermaid
from natsvalues.report.topology_svg import topology_svg
from natsvalues.report.topology_words import LINES
from natsvalues.supercluster.meta_groups import MetaGroup

HOSTILE = 'eu<b>"west"&#1; ]--> `x`'
FINDING = Finding(find_rule("JS001"), "error", "domain `<us>` & `eu`", (Where("a<b>.yaml", 1),), (HOSTILE, "us-east"))


def picture(names, *, findings=(), ways="both", measured=False, seed="") -> Topology:
    """All regions dial each other and share one meta group."""
    nodes = tuple(
        Node(
            name, 3, "2.14.2", "join", f"gw-{name}.example.com:7222", "metallb", "on", "$SYS", "2m",
            tuple(item for item in findings if item.regions[0] == name), name == seed,
        )
        for name in names
    )  # fmt: skip
    links = tuple(
        Link(one, other, ways, tuple(item for item in findings if set(item.regions) == {one, other}))
        for one, other in itertools.combinations(names, 2)
    )
    groups = (MetaGroup("$SYS", tuple(names), (3,) * len(names)),) if names else ()
    return Topology("acme", nodes, links, groups, (), measured)


def names(number) -> list[str]:
    """Names of so many regions."""
    return [f"region-{index}" for index in range(number)]


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("number", range(1, 41))
def test_cards_do_not_overlap(number, narrow):
    """And they are inside the picture, above the legend; lines begin at their borders, and entries are apart."""
    drawn = layout(names(number), (1, 3, 1, 2, 1), narrow=narrow)
    places = list(drawn.places.values())

    for one, other in itertools.combinations(places, 2):
        assert abs(one.x - other.x) >= WIDTH + 8 or abs(one.y - other.y) >= HEIGHT + 8, number
        for end, card in zip(ends(one, other), (one, other), strict=True):
            assert max(abs(end.x - card.x) - WIDTH / 2, abs(end.y - card.y) - HEIGHT / 2) == pytest.approx(4)
    for place in places:
        assert WIDTH / 2 <= place.x <= drawn.width - WIDTH / 2
        assert HEIGHT / 2 <= place.y <= min(line.y for line in drawn.legend) - HEIGHT / 2
    assert max(line.y for line in drawn.legend) < drawn.height
    below = [line.y for line in drawn.legend if line.y > drawn.legend[1].y]
    assert all(y - drawn.legend[1].y >= 3 * LEGEND_LINE for y in below)


def test_on_a_phone_lines_go_around_the_cards_between():
    """A line between neighbours is straight; any other bends, stays inside the picture, and crosses no card."""
    drawn = layout(names(6), (1,), narrow=True)

    for one, other in itertools.combinations(drawn.places, 2):
        path, label = route(drawn, one, other)
        numbers = [float(number) for number in re.findall(r"[\d.]+", path)]
        is_next = int(other[-1]) - int(one[-1]) == 1
        assert ("C" in path) is not is_next
        assert is_next or min(numbers[::2]) >= drawn.places[one].x + WIDTH / 2
        assert label.x <= drawn.width


@pytest.mark.parametrize("number", [0, 1, 2, 3, 12, 30])
def test_svg_shows_every_region(number):
    """Well-formed, with a title; lines for all pairs as long as one can tell them apart."""
    root = ET.fromstring(topology_svg(picture(names(number))))  # noqa: S314   # our own text
    texts = ["".join(text.itertext()) for text in root.iter("{http://www.w3.org/2000/svg}text")]
    lines = [line for line in root.iter("{http://www.w3.org/2000/svg}path") if line.find("*") is not None]

    assert [name for name in names(number) if name not in texts] == []
    assert texts[0].startswith(f"acme: {number} region")
    assert len(lines) == (number * (number - 1) // 2 if number <= 24 else 0)


def test_findings_are_in_place():
    """On the card, on the line between the two regions, and in the head."""
    text = topology_svg(picture([HOSTILE, "us-east"], findings=[FINDING]))

    assert text.count("JS001") == 2
    assert "has-error" in text
    assert "1 error" in text


@pytest.mark.parametrize("draw", [topology_svg, topology_html])
def test_any_name_is_escaped(draw):
    """No name becomes markup."""
    text = draw(picture([HOSTILE, "us-east"], findings=[FINDING]))

    assert "<b>" not in text
    assert "<us>" not in text
    if draw is topology_svg:
        ET.fromstring(text)  # noqa: S314   # our own text


@pytest.mark.parametrize(
    ("ways", "words"),
    [
        ("both", "us-east and eu-west are connected both ways"),
        ("one", "us-east is connected to eu-west, and not eu-west to us-east"),
        ("none", "us-east and eu-west are not connected, neither way"),
        ("unknown", "not known whether us-east and eu-west are connected"),
    ],
)
@pytest.mark.parametrize("draw", [topology_svg, topology_html])
def test_connections_are_in_words_and_not_only_in_colours(draw, ways, words):
    """A link that is dead both ways is neither `one way` nor a matter of its colour: it has a sign, and a legend."""
    text = draw(picture(["us-east", "eu-west"], ways=ways, measured=True))

    assert words in text
    assert LINES[True, ways] in text
    assert ("✕" in text, "?</text>" in text) == (ways == "none", ways == "unknown")
    assert ("one way only" in text) is (ways == "one")


@pytest.mark.parametrize("draw", [topology_svg, topology_html, topology_mermaid])
def test_the_seed_is_marked(draw):
    """With the word, and if there is one only."""
    assert "seed" in draw(picture(names(3), seed="region-1"))
    without = draw(picture(names(3)))
    assert "seed" not in re.sub("<style>.*?</style>", "", without, flags=re.DOTALL)


def test_the_legend_is_whole():
    """However long the names are: its lines are wrapped, and none is cut."""
    long = [f"a-region-with-quite-a-long-name-{index}" for index in range(3)]
    for text in (topology_svg(picture(long, seed=long[0])), topology_html(picture(long, seed=long[0]))):
        legend = text[text.index('class="link') :].rpartition("</g>")[0]
        plain = " ".join(re.sub("<title>.*?</title>|<[^>]*>", " ", legend).split())
        for name in long:
            assert name in plain
        assert "the one region that may have streams before the regions join" in plain


def test_drawings_need_no_network_and_no_script():
    """Nothing is fetched; colours follow the reader's scheme."""
    for draw in (topology_html, topology_svg):
        text = draw(picture(names(3), findings=[FINDING]))

        assert set(re.findall(r"https?://[^\"'\s]+", text)) <= {"http://www.w3.org/2000/svg"}
        assert "<script" not in text
        assert " style=" not in text
        assert text.count("prefers-color-scheme: dark") == 1


def test_html_has_the_findings():
    """A reader of HTML finds a row for each."""

    class Rows(HTMLParser):
        def __init__(self):
            super().__init__()
            self.rows = 0

        def handle_starttag(self, tag, attrs):  # noqa: ARG002   # the parser's own signature
            self.rows += tag == "tr"

    reader = Rows()
    reader.feed(topology_html(picture([HOSTILE, "us-east"], findings=[FINDING])))

    assert reader.rows == 2


def test_mermaid_is_escaped_and_complete():
    """Each region is a node, each pair an arrow; quotes and brackets of names are Mermaid's entities."""
    text = topology_mermaid(picture([HOSTILE, "us-east", "ap"], findings=[FINDING]))

    assert text.startswith('---\ntitle: "acme: 3 regions')
    assert len(re.findall(r"^  +r\d\[\"<b>.*\"\](?::::\w+)?$", text, re.MULTILINE)) == 3
    assert text.count("<-->") == 3
    assert text.count("JetStream (sync 2m) under $SYS") == 3
    assert "|JS001|" in text
    assert "eu#lt;b#gt;#quot;west#quot;&#35;1; ]--#gt; `x`" in text
