"""Whatever stands in a diff, each report keeps its form: no value ends a line, a block, an element or a command."""

import re
import unicodedata
from html.parser import HTMLParser

import cmarkgfm
from cmarkgfm.cmark import Options
from hypothesis import given, settings
from hypothesis import strategies as st

from natsvalues.diff.changes import LEVELS, About, Change, Impact, Note, ObjectDiff, ReleaseDiff
from natsvalues.manifests.release import ResourceKey
from natsvalues.report.diff_github import annotations
from natsvalues.report.diff_html import html
from natsvalues.report.diff_markdown import LEAST, markdown
from natsvalues.report.diff_text import columns, text, wrapped
from natsvalues.report.diff_values import pair
from natsvalues.text.paths import Item

# fmt: off
NASTY = st.sampled_from((
    "`", "```", "~~~", "</pre>", "<script>", "-->", "|", "@all", "#1", "::error::", "##[error]", "%0A",
    "[a](b)", "![", "http://a.example", "<!--", "www.a.example", "1.", "&lt;", "&#64;", "\\", "$$", "*",
    "_", "--", "==", ">", "字", "a@a.example", "GH-1", ":tada:", "````\n", "</details>\n\n", "\n\n", "\r\n",
    "\n- ", "\n    ", "\x1b[2J", "\u202e", "\x00", "\ud800", "\u2028", "\t",
))
# fmt: on
WORDS = st.lists(NASTY | st.text(st.characters(), max_size=5), max_size=6).map("".join)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | WORDS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)
IMPACTS = st.builds(Impact, st.sampled_from(LEVELS), WORDS, WORDS, WORDS)
PATHS = st.lists(WORDS | st.integers(0, 9) | st.builds(Item, WORDS, WORDS), max_size=3).map(tuple)
LINES = st.none() | st.integers(1, 999)
CHANGES = st.builds(
    Change,
    PATHS,
    st.sampled_from(["add", "remove", "replace"]),
    VALUES,
    VALUES,
    st.just("") | WORDS,
    IMPACTS,
    st.just("") | WORDS,
    LINES,
    LINES,
    st.just(""),
)
KEYS = st.builds(ResourceKey, WORDS, WORDS, WORDS, WORDS)
OBJECTS = st.builds(
    ObjectDiff,
    KEYS,
    st.sampled_from(["add", "remove", "change", "rename"]),
    st.dictionaries(WORDS, VALUES, max_size=3),
    st.dictionaries(WORDS, VALUES, max_size=3),
    st.lists(CHANGES, max_size=3).map(tuple),
    IMPACTS,
    st.none() | KEYS,
    st.booleans(),
    st.booleans(),
    LINES,
    LINES,
)
SIDES = st.builds(About, WORDS | WORDS.map(lambda name: f"{name}.yaml"), WORDS, WORDS, LINES, WORDS, WORDS)
DIFFS = st.lists(
    st.builds(
        ReleaseDiff,
        SIDES,
        SIDES,
        st.lists(OBJECTS, max_size=3).map(tuple),
        st.lists(CHANGES, max_size=2).map(tuple),
        st.lists(st.builds(Note, st.sampled_from(LEVELS), WORDS, WORDS), max_size=2).map(tuple),
        WORDS,
        st.lists(OBJECTS, max_size=1).map(tuple),
    ),
    min_size=1,
    max_size=2,
).map(tuple)
VOID = {"meta", "input", "br"}
# Every field is given: of a named tuple Hypothesis makes up those that are not, whatever their defaults.
CHECKED = settings(max_examples=40)


class Elements(HTMLParser):
    """Reads a page strictly: every element is closed where it must be."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.seen, self.attributes, self.strange = [], [], [], []

    def handle_starttag(self, tag, attrs):
        """Note an element and what it is given."""
        self.seen.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        """Refuse an end that is not that of the innermost element."""
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_comment(self, data):
        """Note a comment."""
        self.strange.append(data)

    def unknown_decl(self, data):
        """Note a declaration."""
        self.strange.append(data)

    def handle_pi(self, data):
        """Note an instruction."""
        self.strange.append(data)


def elements(page):
    """Read a page to its end, strictly."""
    found = Elements()
    found.feed(page)
    found.close()
    assert not found.open
    assert not found.strange
    return found


def is_clean(report):
    """Whether every character can be printed, written as UTF-8, and moves nothing."""
    return all(char == "\n" or not unicodedata.category(char).startswith("C") for char in report) and report.encode()


@CHECKED
@given(DIFFS, st.integers(20, 120))
def test_text_is_plain_characters_and_keeps_its_width(diffs, width):
    """No control character reaches the terminal, and no line is a command of a runner."""
    report = text(diffs, color=False, width=width)

    assert is_clean(report)
    for line in report.split("\n"):
        assert not line.strip().startswith(("::", "##"))
        words = line.split()
        if line.strip().startswith(("old: ", "new: ", "help: ", "source: ", "note: ", "= ")):
            assert (
                columns(line) <= max(width, 40)
                or columns(words[0] + " " + words[1]) > max(width, 40) - 8
                or len(words) == 2
            )


@given(
    st.lists(st.text("ab字 ", max_size=12), max_size=20).map(" ".join),
    st.integers(20, 60),
    st.sampled_from(["", "  help: "]),
)
def test_prose_keeps_the_width(message, width, first):
    """No line is wider than asked but where one word is, and no character is lost."""
    lines = wrapped(message, width, first)

    for line in lines:
        assert columns(line) <= width or len(line[len(first) :].split()) <= 1
    assert "".join("".join(lines).split()) == "".join((first + message).split())


@CHECKED
@given(DIFFS)
def test_colour_only_adds_colour(diffs):
    """Without its colours the coloured report is the plain one."""
    report = text(diffs, color=True, width=80)

    assert re.sub(r"\x1b\[[0-9;]+m", "", report) == text(diffs, color=False, width=80)


@CHECKED
@given(DIFFS)
def test_markdown_is_what_we_wrote_to_the_parser_of_github(diffs):
    """Values become text or code: no element, link, comment or heading that is not ours, and every block ends."""
    report = markdown(diffs)
    page = cmarkgfm.github_flavored_markdown_to_html(report, Options.CMARK_OPT_UNSAFE)
    found = elements(page)

    ours = ["h3", "h4", "p", "strong", "em", "code", "pre", "ul", "li", "blockquote", "table", "thead", "tbody", "tr"]
    ours += ["th", "td", "details", "summary", "br"]
    assert set(found.seen) <= set(ours)
    assert found.seen.count("h3") == 1
    assert page.count("<details>") == report.count("\n<details><summary>")
    headings = [line for line in report.split("\n") if line.startswith("#### ")]
    assert found.seen.count("h4") == len(headings)
    assert found.seen.count("table") <= 1
    assert is_clean(report.replace("&#8203;", ""))


@CHECKED
@given(DIFFS)
def test_html_is_well_formed_and_asks_for_nothing(diffs):
    """Every element is closed, none comes from a value, and nothing refers to another place."""
    found = elements(html(diffs))

    assert found.seen.count("script") <= 1
    assert {"img", "link", "iframe", "object", "base", "svg"}.isdisjoint(found.seen)
    for _, name, value in found.attributes:
        assert not name.startswith("on")
        assert name not in {"src", "style", "srcset", "action"}
        assert name != "href" or value == "#content"


@CHECKED
@given(DIFFS)
def test_every_annotation_is_one_command(diffs):
    """Each line is a command whose properties hold no separator of their own."""
    report = annotations(diffs)

    assert is_clean(report)
    for line in report.splitlines():
        assert re.fullmatch(r"::(error|warning|notice) (file=[^:,]*,)?(line=\d+,)?title=[^:,]*::.*", line)
        assert not re.search(r"%(?!25|0A|3A|2C)", line)
    assert report.count("\n") == len(report.splitlines())


@CHECKED
@given(st.lists(DIFFS, min_size=1, max_size=3), st.integers(1, 300))
def test_a_comment_keeps_its_limit(found, times):
    """However much differs, the comment is no longer than asked, and every block in it ends."""
    diffs = tuple(
        diff._replace(objects=diff.objects * times, notes=diff.notes * times) for part in found for diff in part
    )
    report = markdown(diffs, limit=LEAST)

    assert len(report) <= LEAST
    elements(cmarkgfm.github_flavored_markdown_to_html(report, Options.CMARK_OPT_UNSAFE))


@given(st.text(), st.text(max_size=30), st.text(max_size=30), st.text(), st.integers(0, 100))
def test_two_shortened_values_still_differ(start, before, after, end, room):
    """However little room there is, what differs is seen, and neither side is longer than the room."""
    one, other = start * 9 + before + end * 9, start * 9 + after + end * 9
    shown = pair(one, other, room)

    assert (shown[0] == shown[1]) == (one == other)
    assert max(map(len, shown)) <= max(room, 28)
