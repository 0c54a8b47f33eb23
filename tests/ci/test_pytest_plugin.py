"""The pytest fixture, used by real tests in a repository of a user, in a pytest of their own."""

from __future__ import annotations

import re
import sys

import pytest

pytestmark = pytest.mark.helm


@pytest.fixture
def pytest_in(run, repository, helm3):
    """Run pytest on a test file's text in the user's repository."""

    def call(text):
        (repository / "test_chart.py").write_text(text, encoding="utf-8")
        words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "test_chart.py"]
        return run(sys.executable, *words, cwd=repository, env={"HELM_BIN": helm3})

    return call


def test_the_documented_tests_pass(pytest_in, code_blocks):
    """As they stand in docs/ci.md."""
    (text,) = code_blocks("python")
    done = pytest_in(text)

    assert "2 passed" in done.stdout, done.stdout


US_EAST = "natsvalues.render('charts/nats', region='us-east', values=['values/us-east.yaml'])"
FAILING = {
    "a finding": (f"{US_EAST}.assert_clean(fail_on='note')", r"note\[OV010\] public-without-tls"),
    "helm's own words": (
        "natsvalues.render('charts/none', region='us-east')",
        r"error\[NV-H003\]: `helm template nats` failed: Error: repo charts not found",
    ),
    "what a render refuses": ("natsvalues.render('charts/nats', region='mars')", r"error\[NV-O003\]"),
    "an object that is not there": (
        f"{US_EAST}.find('Service', 'x')",
        r"0 objects are Service/x; there are: .*Service/nats-gateway",
    ),
    "an unknown rule": (f"{US_EAST}.assert_clean(ignore=['no-such-rule'])", r"there is no lint rule `no-such-rule`"),
    "nats.conf of several regions": (
        "natsvalues.render('charts/nats', all_regions=True, values=['values/{region}.yaml']).conf",
        r"conf needs a single region, and 3 were rendered",
    ),
}


@pytest.mark.parametrize("case", FAILING)
def test_failures_say_why(case, pytest_in):
    """The report or the error stands in pytest's output."""
    line, said = FAILING[case]
    done = pytest_in(f"def test_it(natsvalues):\n    {line}\n")

    assert done.returncode == 1
    assert re.search(said, done.stdout), done.stdout


def test_a_chart_without_natsvalues(pytest_in, repository):
    """People who only want to know: what is known can be stated, and regresses loudly."""
    (repository / "charts" / "overlays").rename(repository / "elsewhere")
    settings = "{'config.cluster.enabled': True, 'config.jetstream.enabled': True, 'config.gateway.enabled': True}"
    done = pytest_in(
        "def test_it(natsvalues):\n"
        f"    chart = natsvalues.render('charts/nats', settings={settings})\n"
        "    assert chart.rules() == ['GW001', 'GW006', 'GW010', 'HS003', 'LB004', 'NM004', 'PL001']\n"
        "    chart.assert_clean(ignore=['no-advertise', 'GW006', 'HS003', 'LB004', 'PL001'])\n"
    )

    assert "1 passed" in done.stdout, done.stdout


def test_the_plugin_costs_other_tests_nothing(run, repository):
    """Where the fixture is not used, nothing of natsvalues is imported but the plugin itself."""
    (repository / "test_other.py").write_text(
        "import sys\n\n\ndef test_it():\n"
        "    ours = {name for name in sys.modules if name.startswith('natsvalues')}\n"
        "    assert ours == {'natsvalues', 'natsvalues.pytest_plugin'}\n",
        encoding="utf-8",
    )
    done = run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_other.py", cwd=repository)

    assert "1 passed" in done.stdout, done.stdout
