"""`natsvalues rehearse` on the command line: what cannot be rehearsed is told before anything runs."""

import os

import pytest

pytestmark = pytest.mark.helm


@pytest.fixture(scope="module")
def cases(load_module):
    """Return the script that makes renderings, as a module."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    return load_module(os.path.join(root, "scripts", "rehearsal_cases.py"))


@pytest.fixture(scope="module")
def folder(cases, helm3, tmp_path_factory):
    """A folder with the rendering of one region."""
    text = cases.alone(cases.Renderer(helm3), "2.14.2", "us-east")
    return cases.write_renderings(str(tmp_path_factory.mktemp("renderings")), {"us-east": text})


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["nowhere"], "NV-R001"),
        (["."], "NV-R001"),
        ([], "NV-R007"),
        (["--rendering", "x.yaml"], "NV-O002"),
        (["--chart", "x", "--overlays", "nowhere"], "NV-O002"),
        (["{folder}", "--scenario", "upgrade"], "NV-R002"),
        (["{folder}", "--scenario", "stage-walk"], "NV-R002"),
        (["{folder}", "--scenario", "plan"], "NV-R002"),
        (["{folder}", "--scenario", "cold-start"], "NV-R006"),
        (["{folder}", "--region", "mars"], "NV-R005"),
        (["{folder}", "--max-servers", "2"], "NV-R004"),
        (["{folder}", "--timeline", "x.png"], "NV-R009"),
        (["{folder}", "--timeline", "nowhere/x.svg"], "NV-S005"),
        (["{folder}", "--scenario", "rolling", "--scenario", "cold-region", "--timeline", "x.svg"], "NV-R009"),
        (["{folder}", "--overlays", "nowhere", "--chart", "x"], "NV-R007"),
        (["{folder}", "--streams", "mars"], "NV-R005"),
        (["{folder}", "--streams-in", "mars"], "NV-R005"),
        (["{folder}", "--streams", "nowhere/streams.json"], "NV-I007"),
        (["{folder}", "--streams", "{folder}/us-east.yaml"], "NV-I002"),
    ],
)
def test_what_cannot_be_rehearsed_is_refused(run, folder, arguments, code):
    """One error, exit code 1, nothing on standard output."""
    done = run("natsvalues", "rehearse", *(word.format(folder=folder) for word in arguments))

    assert (done.returncode, done.stdout) == (1, "")
    assert f"error[{code}]" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["--expect", "well"],
        ["-o", "yaml"],
        ["--scale", "0"],
        ["--dns", "ttl"],
        ["--dns", "ttl=301"],
        ["--dns", "ttl=5,ttl=6"],
        ["--dns", "addresses=0"],
        ["--dns", "ttl=5,"],
    ],
)
def test_wrong_usage_is_exit_code_1(run, folder, arguments):
    """Values that are none of the known ones."""
    assert run("natsvalues", "rehearse", folder, *arguments).returncode == 1


@pytest.mark.nats
def test_an_expectation_that_is_not_met_is_a_gate(run, folder, nats_server, binaries):
    """A region that comes up where `stuck` was expected: exit code 4, and the verdict as text."""
    nats_server("2.14.2")

    done = run(
        "natsvalues", "rehearse", folder, "--scenario", "first-install", "--expect", "stuck",
        env={"NATSVALUES_TOOLS": binaries.tools()}, timeout=120,
    )  # fmt: skip

    assert done.returncode == 4
    assert done.stdout.startswith("first-install: converged in ")
    assert "meta group of 3" in done.stdout


def test_without_the_extra_it_says_so(run, folder, tmp_path):
    """A Python that does not find nats-py: an error before anything runs."""
    hidden = "import sys, importlib.util as util; find = util.find_spec\n"
    hidden += "util.find_spec = lambda name, *more: None if name == 'nats' else find(name, *more)\n"
    hidden += f"sys.argv = ['natsvalues', 'rehearse', {folder!r}]\n"
    hidden += "from natsvalues.__main__ import main; sys.exit(main())\n"
    script = tmp_path / "hidden.py"
    script.write_text(hidden, encoding="utf-8")

    done = run("python", str(script))

    assert (done.returncode, "error[NV-R024]" in done.stderr) == (1, True), done.stderr
