"""Whole runs as files: each folder under tests/golden is an input, its overlays, and what must come of them.

`input.yaml` (absent: empty input), `overlays/`, `region`, `args` (further arguments, one on each line), and one of

- `about` and `edits.diff`: the rules (transforms) that the case shows, one on each line, and what each of them edited;
- `expected.yaml`: the complete output, in at most six folders, since every new transform changes it;
- `error.txt`: standard error, word by word, of a run that is refused.

`notices.txt` is standard error of a run that succeeds. Every run that succeeds is also checked as a whole: documents
without an edit come out byte by byte, and rendering twice is rendering once.
NATSVALUES_UPDATE_GOLDEN=1 writes what is expected anew.
"""

from __future__ import annotations

import difflib
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest

from natsvalues.cli.light import post_render_options
from natsvalues.cli.post_render import checked_release
from natsvalues.cli.state import Run
from natsvalues.cli.streams import STANDARD_INPUT
from natsvalues.errors import NatsvaluesError
from natsvalues.manifests.release import Release
from natsvalues.overlays import pipeline
from natsvalues.overlays.patches import Notice
from natsvalues.overlays.transforms import TRANSFORMS
from natsvalues.overlays.transforms.stamps import RULE as STAMPS
from natsvalues.report.text import notices as notices_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.overlays.patches import Receipt
    from natsvalues.overlays.pipeline import Result

GOLDEN = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "golden")
CASES = sorted(os.listdir(GOLDEN))
UPDATING = os.environ.get("NATSVALUES_UPDATE_GOLDEN") == "1" and not os.environ.get("CI")
WHOLE_RUNS = 6
"""So many folders may keep a complete output."""
_FIRST_RUNS: dict[str, tuple[int, bytes, bytes]] = {}
_STEPS: dict[str, tuple[list[Step], bytes]] = {}
_STAMPS = re.compile(rb"(natsvalues\.io/(?:overlay-digest|version):) [^\s,}]+")


# --- files ------------------------------------------------------------------------------------------------


def lines(case: str, name: str) -> list[str]:
    """The lines of a case's file; none if there is no such file."""
    return content(case, name).decode().splitlines()


def content(case: str, name: str) -> bytes:
    """A case's file as it is; empty if there is none."""
    path = os.path.join(GOLDEN, case, name)
    if not os.path.exists(path):
        return b""
    with open(path, "rb") as file:
        return file.read()


def write(case: str, name: str, data: bytes) -> None:
    """Write what is expected, or remove the file if nothing is."""
    path = os.path.join(GOLDEN, case, name)
    if data:
        with open(path, "wb") as file:
            file.write(data)
    elif os.path.exists(path):
        os.remove(path)


REFUSED = [case for case in CASES if content(case, "error.txt")]
REFUSED_UNREAD = ("input-not-utf8",)
"""Refused while standard input is read."""
WHOLE = [case for case in CASES if content(case, "expected.yaml")]
SHOWING_EDITS = [case for case in CASES if content(case, "about")]
SUCCEEDING = sorted([*WHOLE, *SHOWING_EDITS])


# --- runs -------------------------------------------------------------------------------------------------


class Step(NamedTuple):
    """What one rule did in a run: the release before and after, and a receipt for each edit."""

    rule: str
    before: Release
    after: Release
    receipts: tuple[Receipt, ...]


def words(case: str) -> list[str]:
    """The arguments of a case."""
    region = lines(case, "region")
    return ["post-render", *(["--region", region[0]] if region else []), "--overlays", "overlays", *lines(case, "args")]


def post_render(environment, case: str, given: bytes) -> tuple[int, bytes, bytes]:
    """Run the installed command in the case's folder: exit code, standard output without stamps, standard error."""
    command = ["natsvalues", *words(case)]
    folder = os.path.join(GOLDEN, case)
    done = subprocess.run(
        command, input=given, capture_output=True, env=environment, cwd=folder, timeout=30, check=False
    )
    return done.returncode, without_stamps(done.stdout), done.stderr


def first_run(environment, case: str) -> tuple[int, bytes, bytes]:
    """The run on the case's input, made once for all tests."""
    if case not in _FIRST_RUNS:
        _FIRST_RUNS[case] = post_render(environment, case, content(case, "input.yaml"))
    return _FIRST_RUNS[case]


def without_stamps(output: bytes) -> bytes:
    """The output with the stamps of this version and of these very overlays masked."""
    return _STAMPS.sub(rb"\1 (any)", output)


def steps_of(case: str, monkeypatch: pytest.MonkeyPatch) -> tuple[list[Step], bytes]:
    """Render a case in this process, once for all tests: what each rule did, in order, and the notices."""
    if case in _STEPS:
        return _STEPS[case]
    steps: list[Step] = []
    run = pipeline._Run
    take, stamp = run._take, run._stamp

    def noted(self, rule, work):
        before, receipts = self.release, len(self.receipts)
        work()
        steps.append(Step(rule, before, self.release, tuple(self.receipts[receipts:])))

    def noting_take(self, outcomes):
        for outcome in outcomes:
            if isinstance(outcome, Notice):
                take(self, [outcome])
            else:
                noted(self, outcome.rule, lambda outcome=outcome: take(self, [outcome]))

    monkeypatch.setattr(run, "_take", noting_take)
    monkeypatch.setattr(run, "_stamp", lambda self: noted(self, STAMPS, lambda: stamp(self)))
    result = render(case, monkeypatch)
    _STEPS[case] = steps, notices_text(result, level="warning").encode()
    return _STEPS[case]


def render(case: str, monkeypatch: pytest.MonkeyPatch) -> Result:
    """What the command gives out, without the command around it; raises NatsvaluesError as it does."""
    monkeypatch.chdir(os.path.join(GOLDEN, case))
    options = post_render_options(words(case), stdin_is_terminal=False)
    return checked_release(content(case, "input.yaml").decode(), STANDARD_INPUT, options, Run())


# --- edits as text ----------------------------------------------------------------------------------------


def edits_text(rules: list[str], steps: list[Step]) -> bytes:
    """What these rules did: for each its reasons, and the lines of each object before and after."""
    text: list[str] = []
    for rule in rules:
        own = [step for step in steps if step.rule == rule]
        reasons = dict.fromkeys(receipt.why for step in own for receipt in step.receipts)
        text += [f"# [{rule}] {reason}\n" for reason in reasons] or [f"# [{rule}] no edit\n"]
        text += [line for step in own for line in diff_lines(step)]
    return without_stamps("".join(text).encode())


def diff_lines(step: Step) -> Iterator[str]:
    """The changed lines of each document, with the line before and the line after them."""
    for number in changed_documents(step):
        manifest = step.after.manifest(number)
        before = step.before.document(number) if number in step.before.numbers() else ""
        texts = [text.splitlines(keepends=True) for text in (before, step.after.document(number))]
        for line in list(difflib.unified_diff(*texts, n=1))[2:]:
            if line.startswith("@@"):
                yield f"@@ {manifest.key if manifest else number} @@\n"
            else:
                yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def changed_documents(step: Step) -> list[int]:
    """The numbers of the documents that a step changed or added."""
    known = step.before.numbers()
    return [
        number
        for number in step.after.numbers()
        if number not in known or step.before.document(number) != step.after.document(number)
    ]


# --- tests ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", REFUSED)
def test_a_refused_run(case, isolated_env):
    """Standard error is as on file, the exit code is 1, and there is no output at all."""
    code, output, errors = first_run(isolated_env, case)
    if UPDATING:
        write(case, "error.txt", errors)

    assert (code, output, errors) == (1, b"", content(case, "error.txt"))


@pytest.mark.parametrize("case", [case for case in REFUSED if case not in REFUSED_UNREAD])
def test_a_refusal_in_this_process(case, monkeypatch):
    """The error is the one on file, without the command around it: mutants are judged in one process."""
    with pytest.raises(NatsvaluesError) as refused:
        render(case, monkeypatch)

    assert f"{refused.value}\n" == content(case, "error.txt").decode()


@pytest.mark.parametrize("case", SUCCEEDING)
def test_a_run(case, isolated_env, monkeypatch):
    """Its complete output, or its notices are as on file."""
    code, output, notices = first_run(isolated_env, case)
    steps, _ = steps_of(case, monkeypatch)
    if UPDATING:
        write(case, "notices.txt", notices)
        write(case, "expected.yaml", output if case in WHOLE else b"")

    assert (code, notices) == (0, content(case, "notices.txt"))
    assert output == without_stamps(steps[-1].after.text().encode())  # the steps are those of the command
    if case in WHOLE:
        assert output == content(case, "expected.yaml")


@pytest.mark.parametrize("case", SUCCEEDING)
def test_the_edits_of_a_run(case, monkeypatch):
    """The edits of the case's rules and the notices are as on file, and nothing else is edited."""
    steps, notices = steps_of(case, monkeypatch)
    edits = edits_text(lines(case, "about"), steps)
    if UPDATING:
        write(case, "edits.diff", edits)

    assert edits == content(case, "edits.diff")
    assert notices == content(case, "notices.txt")
    check_untouched(case, without_stamps(steps[-1].after.text().encode()), steps)


@pytest.mark.parametrize("transform", TRANSFORMS, ids=lambda transform: transform.__name__)
def test_every_transform_has_a_case(transform):
    """At least one folder shows its edits by name."""
    rule = sys.modules[transform.__module__].RULE
    assert f"# [{rule}]" in "".join(
        content(case, "edits.diff").decode() for case in SHOWING_EDITS if rule in lines(case, "about")
    )


def check_untouched(case: str, output: bytes, steps: list[Step]) -> None:
    """Each rule changes only objects that it has a receipt for; all other documents come out byte by byte."""
    for step in steps:
        changed = {str(manifest.key) for number in changed_documents(step) if (manifest := step.after.manifest(number))}
        assert changed == {str(receipt.target) for receipt in step.receipts}
    edited = {number for step in steps for number in changed_documents(step)}
    came_in = Release(content(case, "input.yaml").decode())
    untouched = [came_in.document(number) for number in came_in.numbers() if number not in edited]
    rest = output.decode()
    for document in untouched:
        _, found, rest = rest.partition(document)
        assert found == document


@pytest.mark.parametrize("case", [case for case in SUCCEEDING if not case.startswith("patch-")])
def test_twice_is_once(case, isolated_env):
    """What came out goes through once more unchanged; patches of the user's own may not, so theirs are left out."""
    _, once, _ = first_run(isolated_env, case)
    code, twice, _ = post_render(isolated_env, case, once)

    assert (code, twice) == (0, once)


def test_every_case_expects_one_thing():
    """A case shows edits, or has a complete output, or an error; complete outputs are few."""
    assert sorted([*REFUSED, *WHOLE, *SHOWING_EDITS]) == CASES
    assert len(WHOLE) <= WHOLE_RUNS
