"""What people read in the reports of a diff, and what is left away first."""

import re
import time

import pytest

from natsvalues.diff.changes import LEVELS, About, Change, Impact, Note, ObjectDiff, ReleaseDiff
from natsvalues.manifests.release import ResourceKey
from natsvalues.report.diff_github import annotations
from natsvalues.report.diff_headline import headline, summary_below
from natsvalues.report.diff_html import html
from natsvalues.report.diff_markdown import code, markdown, prose
from natsvalues.report.diff_outline import outline
from natsvalues.report.diff_text import text
from natsvalues.report.diff_values import compared, in_short, pair, shown

KEY = ResourceKey("", "ConfigMap", "", "settings")


def diff_of(*changes, new="new.yaml", **fields):
    """One object with these changes."""
    objects = (ObjectDiff(KEY, "change", {}, {}, changes, **fields),)
    return (ReleaseDiff(About("old.yaml"), About(new), objects),)


def plain_text(diffs, **options):
    """The report for a wide terminal without colour."""
    return text(diffs, color=False, width=120, **options)


# --- the headline and the order -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("nothing", "No differences"),
        (
            "upgrade",
            (
                "DATA LOSS: ConfigMap/messaging/nats-config: This region's JetStream ran alone, and joins others under "
                "one system account: the meta group with the newer log wins, and the streams of the other region are "
                "deleted."
            ),
        ),
    ],
)
def test_the_headline_says_what_the_worst_change_does(samples, name, line):
    """The object, and the reason that is known for this very release."""
    assert headline(outline(samples[name])) == line


def test_the_worst_of_all_regions_names_those_that_it_is_in(samples):
    """What only one region loses is no headline of all."""
    assert headline(outline(samples["regions"])).startswith("DATA LOSS in us-east: ConfigMap/messaging/nats-config: ")


def test_of_one_level_the_impact_with_the_first_id_is_the_headline():
    """A region that joins is worth more than that its pods restart; drift counts, too."""
    restart, joins = (Impact("restart", code, id=code) for code in ("DI311", "DI013"))
    changes = [Change(("a",), "add", None, 1, impact=restart), Change(("b",), "add", None, 1, impact=joins)]
    assert headline(outline(diff_of(*changes))).endswith(": DI013")
    drift = diff_of(Change(("a",), "add", None, 1, impact=Impact("outage", "DI113", id="DI113")))[0].objects
    assert headline(outline((diff_of(*changes)[0]._replace(drift=drift),))).startswith("OUTAGE: ")


def test_a_first_installation_says_what_it_installs():
    """Not that it changes nothing; its new objects are counted as that, and a worse level stays in front."""
    added = ObjectDiff(ResourceKey("", "Service", "", "nats"), "add", None, {"kind": "Service"})
    note = Note("none", "nothing is there yet: this installs 3 servers", id="DI603")
    (bare,) = diff_of(Change(("a",), "add", None, 1))
    first = bare._replace(objects=(added,), notes=(note,), is_first=True)
    assert headline(outline((first,))) == f"FIRST INSTALLATION: {note.message}"
    assert summary_below(outline((first,))) == "1 new object"
    assert "\nNEW: what is installed\n" in plain_text((first,))
    opened = added._replace(impact=Impact("exposure", "port 4222 becomes reachable", id="DI502"))
    assert headline(outline((first._replace(objects=(opened,)),))).startswith("EXPOSURE: Service/nats: port 4222")


def test_below_the_headline_each_level_is_counted(samples):
    """The worst comes first, with its number; notes count as warnings, noise and values last."""
    assert summary_below(outline(samples["upgrade"])) == (
        "1 change can lose streams; 1 finding would make a cold start hang; 1 opens something to the outside; 2 "
        "restart pods; 1 is applied by a reload; 4 without effect; 2 only follow from others; 2 Helm values differ"
    )
    assert summary_below(outline(samples["nothing"])) == ""


def test_only_values_or_noise_have_no_effect():
    """Where nothing that runs differs, the headline says so."""
    noise = Change(("metadata", "labels", "helm.sh/chart"), "replace", "a", "b", derived="the chart")

    assert headline(outline(diff_of(noise))) == "NO EFFECT: 1 only follows from others"


def test_every_level_stands_in_every_report_worst_first(samples):
    """Ten levels, ten reasons, from data loss to none, the first as headline; annotations leave out the harmless."""
    for report in (plain_text, markdown, html):
        found = list(dict.fromkeys(re.findall(r"Why ([a-z-]+)\.", report(samples["levels"]))))
        assert [level for level in LEVELS[::-1] if level in found] == found
        assert set(LEVELS) - {"none"} <= set(found)
    assert re.findall(r"Why ([a-z-]+)\.", annotations(samples["levels"])) == ["data-loss", *LEVELS[:0:-1]]


def test_what_regions_share_is_told_once(samples):
    """The same change in two regions is one row with both names; a change of one region names that one."""
    report = plain_text(samples["regions"])

    assert report.count("spec.template.spec.containers[name=nats].image") == 1
    assert re.search(r"\.image.*\[us-east, eu-west\]", report)
    assert re.search(r"max_file_store.*\[us-east\]", report)
    assert "(2 of 3 regions differ)" in " ".join(report.split())


def test_the_same_change_in_all_regions_says_so(samples):
    """No list of names where every region has the change."""
    one = samples["upgrade"][0]
    report = plain_text(tuple(one._replace(region=name) for name in ("a", "b")))

    assert "[all regions]" in report
    assert "[a, b]" not in report


def test_true_and_one_are_not_the_same_change():
    """Two regions that set a switch and a number are not merged, though Python calls them equal."""
    one, other = (diff_of(Change(("spec", "x"), "add", None, value))[0] for value in (True, 1))
    report = plain_text((one._replace(region="a"), other._replace(region="b")))

    assert "spec.x: true [a]" in report
    assert "spec.x: 1 [b]" in report


def test_noise_is_folded_but_never_what_restarts(samples):
    """A change that follows from another is one line with its cause, unless it alone has that impact."""
    report = plain_text(samples["upgrade"])

    assert "= 2 changes in 1 object only follow from the chart" in report
    assert "helm.sh/chart" not in report
    assert "metadata.labels.version" not in report  # other changes of the object restart the pods, too

    alone = Change(("spec", "template", "x"), "replace", 1, 2, "", Impact("restart"), "the chart")
    assert "spec.template.x: 1 -> 2 (follows from the chart)" in plain_text(diff_of(alone))


# --- values ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("10Gi", "10Gi"),
        ("8080", '"8080"'),
        (8080, "8080"),
        ("true", '"true"'),
        (True, "true"),
        (None, "null"),
        ("", '""'),
        ("a -> b", '"a -> b"'),
        ("(redacted token 3f9a2c)", "(redacted token 3f9a2c)"),
        ("nats://host:4222", "nats://host:4222"),
        ("\x1b[2J", '"\\u001b[2J"'),
        ("\u202e", '"\\u202e"'),
        ({"a": [1, "b"]}, "{a: [1, b]}"),
    ],
)
def test_a_value_is_bare_only_where_nobody_can_misread_it(value, text):
    """Texts that Kubernetes would read as something else keep their quotes; nothing invisible stays."""
    assert shown(value) == text


def test_long_values_show_where_they_differ():
    """A list of ranges that differs at its end shows the end, not the middle."""
    before = ",".join(f"10.0.{number}.0/24" for number in range(50))

    assert pair(before, before.replace("10.0.49.0/24", "10.0.50.0/24"), 30) == (
        "…4,10.0.49.0/24",
        "…4,10.0.50.0/24",
    )


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ("a\nb\n", "a\nc\n", [" a", "-b", "+c"]),
        ("a\nb\n", "a\nb", [" a", " b", "+(no newline at the end)"]),
        ("a\nb\r\n", "a\nb\n", [" a", "-b\\r", "+b"]),
        ("a\n", "a\n\n", [" a", "+"]),
        ("", "a\nb\n", ["+a", "+b"]),
        ("a\n" * 9 + "b\n", "a\n" * 9 + "c\n", ["@line 7, now 7", " a", " a", " a", "-b", "+c"]),
    ],
)
def test_texts_are_compared_line_by_line(before, after, lines):
    """Three lines around what differs; ends of lines and of files are seen."""
    change = Change(("data", "x"), "replace", before, after)

    assert [line.sign + line.text for line in compared(change, 80)] == lines
    assert in_short(change, 80).startswith("(lines: ")


def test_a_large_text_is_compared_at_once():
    """Twenty thousand lines with a few changes take no noticeable time."""
    lines = [f"line {number} of a dashboard" for number in range(20_000)]
    changed = [line.upper() if number % 4_000 == 7 else line for number, line in enumerate(lines)]
    start = time.perf_counter()
    found = compared(Change(("data", "x"), "replace", "\n".join(lines), "\n".join(changed)), 80)

    assert sum(line.sign == "+" for line in found) == 5
    assert time.perf_counter() - start < 3


# --- text --------------------------------------------------------------------------------------------------


def test_no_line_of_a_log_is_a_command_of_its_runner(samples):
    """A remedy or note whose line begins with `::error::` is shown, and not obeyed."""
    report = plain_text(samples["hostile"])

    assert "\\::error::forged" in report
    assert not re.search(r"^\s*(::|##)", report, re.MULTILINE)


def test_an_added_object_is_shown_where_it_matters(samples):
    """Of the Service that opens a port what matters, all with --full; the removed ConfigMap is a line."""
    report = plain_text(samples["upgrade"])

    assert "      + type: LoadBalancer\n" in report
    assert "      @ all 13 lines with --full\n" in report
    assert "metadata:" not in report
    assert "- object removed\n\n" in report
    full = plain_text(samples["upgrade"], full=True)
    assert "      +   type: LoadBalancer\n" in full
    assert "      + metadata:\n" in full


# --- Markdown ----------------------------------------------------------------------------------------------


def test_a_comment_leaves_out_the_harmless_first():
    """Where there is too much, the data loss stays, and the comment says how much of the rest it leaves out."""
    harmless = [Change(("data", f"key{number}"), "replace", "a", "b" * 60) for number in range(400)]
    loss = Change(("data", "last"), "replace", "10Gi", "5Gi", impact=Impact("data-loss", "The store shrinks."))
    report = markdown(diff_of(*harmless, loss), limit=8_000)

    assert "The store shrinks." in report
    left = re.search(r"\*(\d+) more entries left out: the whole is too long for a comment\.\*", report)
    assert left
    assert int(left[1]) + report.count("`data.key") == 400
    assert 7_000 < len(report) <= 8_000


@pytest.mark.parametrize(
    ("text", "span"),
    [("a", "`a`"), ("a`b", "``a`b``"), ("`", "`` ` ``"), ("``a`", "``` ``a` ```"), ("", "`  `"), ("a\nb", r"`a\nb`")],
)
def test_a_code_span_holds_any_text(text, span):
    """The fence is a run of backticks that the text does not have."""
    assert code(text) == span


def test_prose_mentions_nobody():
    """People, teams, issues and addresses are words."""
    assert prose("@nats-io/core see #7 at https://x.example") == (
        "@&#8203;nats-io/core see #&#8203;7 at https&#8203;://x.example"
    )


# --- GitHub ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "command"),
    [
        ("data-loss", "error"),
        ("identity", "error"),
        ("deadlock", "error"),
        ("refused", "error"),
        ("outage", "error"),
        ("exposure", "warning"),
        ("not-applied", "warning"),
        ("restart", "notice"),
        ("reload", "notice"),
    ],
)
def test_an_annotation_is_as_grave_as_the_impact(samples, level, command):
    """What breaks is an error, what surprises a warning, what only happens a notice; each at its line."""
    line = 10 + LEVELS.index(level)

    assert f"::{command} file=new.yaml,line={line},title={level.upper().replace('-', ' ')}::" in annotations(
        samples["levels"]
    )


def test_what_is_removed_is_told_in_the_old_file():
    """The line of a removed value is one of the old side."""
    gone = Change(("data", "x"), "remove", 1, None, "", Impact("outage"), "", 7, None)

    assert "::error file=old.yaml,line=7,title=OUTAGE::" in annotations(diff_of(gone))


@pytest.mark.parametrize("new", ["-", "release:nats.yaml", "nats/nats", ""])
def test_what_is_no_file_has_no_place(new):
    """Standard input, a release and a chart give an annotation without a file."""
    change = Change(("data", "x"), "replace", 1, 2, "", Impact("outage"), "", 7, 7)

    assert "::error title=OUTAGE::" in annotations(diff_of(change, new=new))


def test_a_long_annotation_is_cut():
    """Ten rows of one reason, then how many more."""
    changes = [Change(("data", f"k{number}"), "add", None, 1, impact=Impact("restart", "Why.")) for number in range(25)]
    line = annotations(diff_of(*changes)).splitlines()[1]

    assert line.count("%0A+ data.k") == 10
    assert line.endswith("%0Aand 15 more")
