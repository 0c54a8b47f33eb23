"""What all pages have in common: colours that can be told from their ground, one frame, nothing from outside."""

from __future__ import annotations

import base64
import hashlib
import itertools
import os
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from natsvalues.doctor.examination import examine
from natsvalues.errors import Where
from natsvalues.lint.rule import Finding
from natsvalues.lint.rules import find_rule
from natsvalues.lint.topology import Link, Node, Topology
from natsvalues.rehearsal.outcome import Cause, StreamFate
from natsvalues.rehearsal.timeline import Event
from natsvalues.report.diff_html import html
from natsvalues.report.doctor_html import doctor_html
from natsvalues.report.palette import COLOURS, style
from natsvalues.report.plan_html import plan_html
from natsvalues.report.timeline_files import as_file
from natsvalues.report.topology_html import topology_html
from natsvalues.runbook.written import WrittenCheck, WrittenPlan, WrittenStep
from natsvalues.supercluster.meta_groups import MetaGroup

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
GROUNDS = ("back", "raised")
ON_A_GROUND = ("text", "muted", "error", "warning", "notice", "good", *(f"g{number}" for number in range(8)))
SHAPES = ("edge", "down", "starting", "running", "ready", "stopping", "leader", "links", "balancer")
VOID = {"meta", "input", "br"}
STYLES = ("page", "plan", "topology", "timeline")


def luminance(colour: str) -> float:
    """The relative luminance of WCAG 2.2."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2, from 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_the_formula_is_that_of_wcag():
    """Black on white, and the grey that is known to reach 4.5 just so."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_can_be_read_and_shapes_can_be_seen(scheme):
    """WCAG 2.2 AA: 4.5 for text (1.4.3), 3 for what carries meaning without being text (1.4.11)."""
    pairs = [(name, ground, 4.5) for name in ON_A_GROUND for ground in GROUNDS]
    pairs += [("add", "add-back", 4.5), ("remove", "remove-back", 4.5), ("back", "text", 4.5)]
    pairs += [(name, "back", 3.0) for name in SHAPES] + [("balancer", "soft", 3.0), ("text", "ready", 3.0)]
    low = {
        (name, ground): round(contrast(COLOURS[name][scheme], COLOURS[ground][scheme]), 2)
        for name, ground, least in pairs
        if contrast(COLOURS[name][scheme], COLOURS[ground][scheme]) < least
    }

    assert low == {}
    assert {*ON_A_GROUND, *SHAPES, *GROUNDS, "soft", "add", "add-back", "remove", "remove-back"} == set(COLOURS)


def test_every_colour_comes_from_the_palette():
    """No stylesheet has a colour of its own, and each that it names exists."""
    for name in STYLES:
        rules = style(name)
        used = set(re.findall(r"var\(--([\w-]+)", rules))
        assert re.findall(r"#[0-9a-f]{3,8}\b|rgb|hsl", rules) == [], name
        assert used - set(COLOURS) <= {"tone", "group"}, name


class Reader(HTMLParser):
    """Reads a page strictly: every element is closed where it must be."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open, self.elements, self.texts, self.strange = [], [], {}, []
        self.feed(page)
        self.close()
        assert not self.open
        assert not self.strange

    def handle_starttag(self, tag, attrs):
        """Keep an element."""
        self.elements.append((tag, dict(attrs)))
        assert len(attrs) == len(dict(attrs)), f"<{tag}> has an attribute twice"
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        """Refuse an end that is not that of the innermost element."""
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data):
        """Keep what stands in an element."""
        if self.open:
            self.texts.setdefault(self.open[-1], []).append(data)

    def handle_comment(self, data):
        """Note a comment."""
        self.strange.append(data)

    def all(self, tag):
        """The attributes of every element of this name."""
        return [attributes for name, attributes in self.elements if name == tag]


def plan(text: str) -> WrittenPlan:
    """A plan with `text` wherever one can be."""
    check = WrittenCheck(text, text, holds=False, seen=text)
    step = WrittenStep("us-east/expose", text, "walk", text, ((text, text),), (text,), text, (check,), (check,),
                       text, text, text)  # fmt: skip
    return WrittenPlan(text, (step, step), ((text, text, text),), (text,), (text,))


def topology(text: str) -> Topology:
    """A picture with `text` wherever one can be."""
    finding = Finding(find_rule("JS001"), "error", text, (Where(text, 1),), (text, "eu"))
    node = Node(text, 3, text, text, text, text, "on", text, text, (finding,), is_seed=True)
    links = (Link(text, "eu", "none", (finding,)), Link(text, "absent", "one", ()))
    other = node._replace(name="eu", findings=())
    return Topology(text, (node, other), links, (MetaGroup(text, (text, "eu"), (3, 3)),), ("absent",), measured=True)


def rehearsal(outcome, text: str):
    """A rehearsal with `text` wherever one can be."""
    events = [Event(float(number), kind, text, text) for number, kind in enumerate(("phase", "pod", "links", "log"))]
    return outcome._replace(
        scenario=text, phase=text, remedy=text, notes=(text,), causes=(Cause(text, text, text, 0),),
        streams=(StreamFate(text, text, 1, 1, 0, "gone", text),), events=(*events, *outcome.events),
    )  # fmt: skip


@pytest.fixture(scope="module")
def outcome(load_module):
    """The outcome made up for the tests of rehearsals' reports."""
    return load_module(os.path.join(TESTS, "rehearsal", "test_reports.py")).OUTCOME


@pytest.fixture(scope="module")
def pages(samples, outcome, load_module):
    """One page of each kind, by name."""
    seeding = load_module(os.path.join(TESTS, "doctor", "seeding.py"))
    return {
        "diff": html(samples["upgrade"]),
        "diff of regions": html(samples["regions"]),
        "topology": topology_html(topology("us-east")),
        "plan": plan_html(plan("text")),
        "no plan": plan_html(WrittenPlan("acme", (), (), (), ())),
        "rehearsal": as_file([outcome, outcome], "x.html"),
        "doctor": doctor_html(examine(seeding.seeded({"us-east": {"varz": {"nats-1": {"version": "2.12.8"}}}}))),
    }


KINDS = ("diff", "diff of regions", "topology", "plan", "no plan", "rehearsal", "doctor")


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_is_sound(pages, kind):
    """Language, title, width of the screen, landmarks, headings in order, ids that lead somewhere, scopes of heads."""
    page = Reader(pages[kind])
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    targets = {item["href"][1:] for item in page.all("a")}
    targets |= {item["aria-labelledby"] for _, item in page.elements if "aria-labelledby" in item}

    assert page.all("html") == [{"lang": "en"}]
    assert "".join(page.texts["title"]).strip()
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in page.all("meta")
    assert [tag for tag, _ in page.elements if tag in ("header", "main")] == ["header", "main"]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))
    assert len(ids) == len(set(ids))
    assert targets <= set(ids)
    assert page.all("a")[0]["class"] == "skip"
    assert all(item.get("scope") in ("col", "row") for item in page.all("th"))
    assert len(page.all("table")) == len(page.all("caption"))
    assert all("aria-label" in item or item.get("aria-hidden") == "true" for item in page.all("svg"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_needs_nothing_from_outside(pages, kind):
    """Its policy allows its own style, and the script of a diff; nothing refers to another place."""
    page = Reader(pages[kind])
    policy = next(item["content"] for item in page.all("meta") if "http-equiv" in item)
    allowed = [*page.texts["style"], *page.texts.get("script", [])]

    assert policy.startswith("default-src 'none'; ")
    assert re.findall("'sha256-(.*?)'", policy) == [
        base64.b64encode(hashlib.sha256(content.encode()).digest()).decode() for content in allowed
    ]
    assert bool(page.all("script")) == kind.startswith("diff")
    for tag, attributes in page.elements:
        assert tag not in {"img", "link", "iframe", "object", "base"}
        assert attributes.keys().isdisjoint({"src", "style", "srcset", "action"})
        assert attributes.get("href", "#").startswith("#")


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_follows_scheme_width_and_paper(pages, kind):
    """The one style is in every page: light and dark, phone, print, and a focus that is seen."""
    (rules,) = Reader(pages[kind]).texts["style"]

    for part in ("prefers-color-scheme: dark", "max-width: 44rem", "@media print", ":focus-visible"):
        assert part in rules
    assert style("page") in rules


@settings(max_examples=15)
@given(st.lists(st.sampled_from(("<b>", '"', "'", "&lt;", "-->", "`", "\x1b[2J", "\u202e", "\n", "</style>", "a", " ")),
                min_size=1, max_size=6).map("".join))  # fmt: skip
def test_whatever_is_reported_stays_text(outcome, text):
    """No name, path, log or reason becomes an element, an attribute or an invisible character."""

    def drawn(words):
        return plan_html(plan(words)), topology_html(topology(words)), as_file([rehearsal(outcome, words)], "x.html")

    for page, harmless in zip(drawn(text), drawn("a"), strict=True):
        assert len(Reader(page).all("b")) == len(Reader(harmless).all("b"))
        assert page.count("</style>") == 1
        assert "\x1b" not in page
        assert "\u202e" not in page


def test_a_plan_says_what_does_not_hold_yet():
    """Of a check that was looked at: it is ticked, or marked."""
    page = plan_html(plan("ready"))

    assert page.count("not yet:") == 4
    assert " checked>" not in page
    assert page.count('<section class="step"') == 2
