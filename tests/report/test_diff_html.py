"""The page of a diff: its policy, what a screen reader finds, and what is there without scripts."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from itertools import pairwise

from natsvalues.report.diff_html import html


class Page(HTMLParser):
    """The elements of a page with their attributes, and the text of its style and script."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.raw, self.inside = [], {}, ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        """Keep an element."""
        self.elements.append((tag, dict(attrs)))
        self.inside = tag

    def handle_data(self, data):
        """Keep what a style or a script says."""
        if self.inside in {"style", "script"}:
            self.raw.setdefault(self.inside, "")
            self.raw[self.inside] += data

    def handle_endtag(self, _tag):
        """Leave an element."""
        self.inside = ""

    def all(self, tag):
        """The attributes of every element of this name."""
        return [attributes for name, attributes in self.elements if name == tag]


def test_the_policy_lets_only_our_own_style_and_script_run(samples):
    """The hashes of the policy are those of what stands in the page, and all else is forbidden."""
    page = Page(html(samples["upgrade"]))
    policy = next(item["content"] for item in page.all("meta") if "http-equiv" in item)

    assert policy.startswith("default-src 'none'; ")
    for name, content in page.raw.items():
        assert base64.b64encode(hashlib.sha256(content.encode()).digest()).decode() in policy, name
    assert set(page.raw) == {"style", "script"}


def test_the_page_is_sound_for_screen_readers(samples):
    """One main, one first heading, no level skipped, unique ids, every label leads somewhere, a live count."""
    page = Page(html(samples["regions"]))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]

    assert len(page.all("main")) == len(page.all("h1")) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
    assert len(ids) == len(set(ids))
    assert {item["aria-labelledby"] for item in page.all("section")} <= set(ids)
    assert page.all("html") == [{"lang": "en"}]
    assert any(item.get("role") == "status" and item.get("aria-live") == "polite" for item in page.all("p"))
    filters = [item for item in page.all("button") if "data-level" in item]
    assert {item["aria-pressed"] for item in filters} == {"true"}
    assert {item["data-level"] for item in filters} == {
        item["data-level"] for item in page.all("section") if "data-level" in item
    }


def test_without_scripts_only_the_controls_are_hidden(samples):
    """Everything else is there, and what has an impact is open."""
    page = Page(html(samples["upgrade"]))

    assert [tag for tag, attributes in page.elements if "hidden" in attributes] == ["form"]
    assert sum("open" in item for item in page.all("details")) == 3
    assert len(page.all("details")) == 6


def test_of_a_new_service_what_matters_is_open_and_the_rest_is_folded(samples):
    """The type and the ports are what a reader looks for; everything else is one click away."""
    page = html(samples["upgrade"])
    (item,) = re.findall(r'<li class="row"[^>]*>(?:(?!</li>).)*new object.*?</li>', page, re.DOTALL)
    shown, folded = item.split("<details><summary>all ")

    assert "<details open>" in shown
    assert re.findall(r">\+ (.*?)</span>", shown) == ["type: LoadBalancer", "port gateway: 7222 -&gt; 7222"]
    assert folded.startswith("13 lines</summary>")
    assert "+ apiVersion: v1" in folded
    assert "two" in folded


def test_a_page_without_differences_has_no_controls(samples):
    """Nothing to filter, so no form and no script."""
    page = Page(html(samples["nothing"]))

    assert page.all("form") == page.all("script") == []
