"""The report of the last run: written whatever happened, private, and never in the way of a render."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat

import pytest

from natsvalues import __version__
from natsvalues.cli.edge import guarded
from natsvalues.cli.state import Run, recall, remember, state_file
from natsvalues.errors import EXIT_BUG, EXIT_ERROR, EXIT_INTERRUPTED, ManyErrors, NatsvaluesError, Where

GOLDEN = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "golden")
CASE = os.path.join(GOLDEN, "stage-join-seed")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A state folder of the test's own, for calls inside this process."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def rendering():
    """A small release."""
    with open(os.path.join(CASE, "input.yaml"), encoding="utf-8") as file:
        return file.read()


@pytest.fixture
def post_render(run):
    """Post-render with the golden overlays."""

    def call(stdin, region="us-east", **more):
        return run(
            "natsvalues", "post-render", f"--region={region}", f"--overlays={CASE}/overlays", stdin=stdin, **more
        )

    return call


def stored(isolated_env):
    """The report on file."""
    with open(os.path.join(isolated_env["XDG_STATE_HOME"], "natsvalues", "last.json"), encoding="utf-8") as file:
        return json.load(file)


def test_a_run_that_succeeds_leaves_its_changes(run, post_render, rendering, isolated_env, tmp_path):
    """The same changes, notices and stage that `explain --json` tells, and where and when it was."""
    done = post_render(rendering)
    left = stored(isolated_env)
    words = ["explain", "--json", "--region=us-east", f"--overlays={CASE}/overlays"]
    explained = json.loads(run("natsvalues", *words, stdin=rendering, check=True).stdout)

    assert (done.returncode, done.stderr) == (0, "")
    assert TIME.fullmatch(left.pop("time"))
    assert left == {
        "format": 1,
        "natsvalues": __version__,
        "directory": str(tmp_path),
        "overlays": f"{CASE}/overlays",
        "region": "us-east",
        "prior": None,
        "outcome": "ok",
        "stage": "join",
        "changes": explained["changes"],
        "notices": explained["notices"],
    }
    assert len(left["changes"]) > 5


def test_a_run_that_fails_leaves_its_errors_and_no_output(post_render, rendering, isolated_env):
    """All that standard error says, in parts."""
    done = post_render(rendering, region="us-est")
    left = stored(isolated_env)

    assert (done.returncode, done.stdout) == (1, "")
    assert (left["outcome"], left["region"]) == ("error", "us-est")
    assert left["errors"] == [
        {
            "code": "NV-O003",
            "message": "unknown region `us-est`",
            "where": [{"file": f"{CASE}/overlays"}],
            "help": "did you mean `us-east`?",
        }
    ]
    assert "changes" not in left


def test_last_tells_what_the_run_told(run, post_render, rendering, isolated_env):
    """The errors word by word; as JSON, what is on file."""
    done = post_render(rendering, region="us-est")
    left = stored(isolated_env)
    text = run("natsvalues", "last", check=True).stdout
    as_json = json.loads(run("natsvalues", "last", "--json", check=True).stdout)

    assert as_json == left
    assert text == (
        f"{left['time']}  natsvalues {__version__} in {left['directory']}: error  "
        f"(region us-est, overlays {CASE}/overlays)\n\n{done.stderr}"
    )


def test_last_shows_changes_as_explain_does(run, post_render, rendering):
    """Each object with its changes and reasons."""
    post_render(rendering)
    last = run("natsvalues", "last", check=True).stdout
    words = ["explain", "--region=us-east", f"--overlays={CASE}/overlays"]
    explained = run("natsvalues", *words, stdin=rendering, check=True).stdout
    changes = explained.partition("\n\n")[2].partition("\n\nstage:")[0]

    assert last.partition("\n\n")[2].rstrip("\n") == changes.rstrip("\n")
    assert "StatefulSet/nats" in changes


def test_last_without_a_run_says_where_it_looked(run, isolated_env):
    """There is nothing to show, and that is an error."""
    done = run("natsvalues", "last")
    place = os.path.join(isolated_env["XDG_STATE_HOME"], "natsvalues", "last.json")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"error[NV-S001]: no report of an earlier run in {place}\nhelp: every post-render run writes one there\n"
    )


def test_a_bug_leaves_where_it_was_and_no_values(here, capsys):
    """Its message could hold a secret, so only its type and the places in our code are kept."""

    def work():
        raise ValueError("hunter2")

    code = guarded(Run(), work)
    told = capsys.readouterr()
    left = recall()

    assert (code, told.out) == (EXIT_BUG, "")
    assert told.err == (
        "error[NV-X000]: natsvalues met a bug of its own (ValueError); nothing was written\n"
        f"help: please report it with {here / 'state' / 'natsvalues' / 'last.json'}\n"
    )
    assert (left["outcome"], left["error"]) == ("bug", "ValueError")
    assert left["trace"][-1].startswith(__file__)
    assert left["trace"][-1].endswith(" work")
    assert "hunter2" not in json.dumps(left)


def test_every_error_of_a_run_is_kept(here, capsys):
    """Several found at once are several on file."""
    errors = [NatsvaluesError(f"NV-O00{n}", "m", where=(Where("a", n, None, "f"),), hint="h") for n in (1, 2)]

    def work():
        raise ManyErrors(tuple(errors))

    assert guarded(Run(), work, remembered=True) == EXIT_ERROR
    assert capsys.readouterr().err == f"{errors[0]}\n\n{errors[1]}\n"
    assert recall()["directory"] == str(here)
    assert recall()["errors"] == [
        {"code": f"NV-O00{n}", "message": "m", "where": [{"file": "a", "line": n, "field": "f"}], "help": "h"}
        for n in (1, 2)
    ]


def test_an_interrupted_run_leaves_the_report_of_the_one_before(here, capsys):
    """Somebody pressed a key: that tells nothing new."""
    remember({"outcome": "ok"})

    def work():
        raise KeyboardInterrupt

    assert guarded(Run(), work) == EXIT_INTERRUPTED
    assert capsys.readouterr().err == "interrupted\n"
    assert recall() == {"outcome": "ok"}
    assert os.listdir(here / "state" / "natsvalues") == ["last.json"]


def test_the_report_is_private(here):
    """Whatever the umask, and whatever was there before: only the user may read it."""
    before = os.umask(0)
    try:
        remember({})
        os.chmod(state_file(), 0o644)
        remember({"outcome": "ok"})
    finally:
        os.umask(before)

    assert stat.S_IMODE(os.stat(state_file()).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(here / "state" / "natsvalues").st_mode) == 0o700


@pytest.mark.parametrize("outcome", ["success", "failure"])
def test_a_state_folder_that_cannot_be_written_does_not_fail_a_render(post_render, rendering, tmp_path, outcome):
    """The run is what it would have been; also where the folder is a file, as root may write anywhere."""
    (tmp_path / "file").write_text("")
    region = "us-east" if outcome == "success" else "us-est"
    expected = post_render(rendering, region=region)
    for place in (tmp_path / "file", "/dev/null", "/proc/nowhere"):
        done = post_render(rendering, region=region, env={"XDG_STATE_HOME": str(place)})

        assert (done.returncode, done.stdout, done.stderr) == (expected.returncode, expected.stdout, expected.stderr)


def test_the_report_is_under_xdg_state_home_or_the_home_folder(monkeypatch):
    """Unset or empty, the home folder's own place counts."""
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    monkeypatch.setenv("HOME", "/home/somebody")
    monkeypatch.setenv("XDG_STATE_HOME", "/elsewhere")
    assert state_file() == "/elsewhere/natsvalues/last.json"
    for setting in (lambda: monkeypatch.setenv("XDG_STATE_HOME", ""), lambda: monkeypatch.delenv("XDG_STATE_HOME")):
        setting()
        assert state_file() == "/home/somebody/.local/state/natsvalues/last.json"


def test_a_damaged_report_is_named(here):
    """Half a file is no report."""
    remember({})
    for text in ("", '{"format": 1,', "\x00"):
        with open(state_file(), "w", encoding="utf-8") as file:
            file.write(text)
        with pytest.raises(NatsvaluesError) as error:
            recall()
        assert error.value.code == "NV-F013"
    assert os.listdir(here / "state" / "natsvalues") == ["last.json"]


def test_the_report_of_a_join_opens_with_the_region_that_goes_first(run, tmp_path):
    """From a prior release without remotes; the seed and the newcomer each say so, and nothing after the join."""
    opening = {
        "us-east": "note: this is the seed, so upgrade it before `ap-south`, `eu-west`",
        "eu-west": "note: upgrade the seed `us-east` first",
    }
    plain = os.path.join(GOLDEN, "stage-join-empty", "input.yaml")
    with open(plain, encoding="utf-8") as file:
        rendering = file.read()
    overlays = os.path.join(os.path.dirname(os.path.dirname(GOLDEN)), "charts", "overlays")
    for region, sentence in opening.items():
        staged = tmp_path / region
        shutil.copytree(overlays, staged)
        file = staged / f"{region}.yaml"
        file.write_text(file.read_text().replace("stage: join", "stage: expose"))
        prior, joined = (
            run("natsvalues", f"--region={region}", f"--overlays={folder}", stdin=rendering, check=True).stdout
            for folder in (staged, overlays)
        )
        (tmp_path / "prior.yaml").write_text(prior)
        words = ["natsvalues", f"--region={region}", f"--overlays={overlays}", f"--prior={tmp_path / 'prior.yaml'}"]
        assert run(*words, stdin=rendering, check=True).stdout == joined
        assert sentence in run("natsvalues", "last", check=True).stdout
        (tmp_path / "prior.yaml").write_text(joined)
        run(*words, stdin=rendering, check=True)
        assert "seed" not in run("natsvalues", "last", check=True).stdout.partition("ConfigMap")[0]
