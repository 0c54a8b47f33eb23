"""Which failure ends JetStream: `explain`, `lint` and `topology` say the same of the same overlays."""

from __future__ import annotations

import json
import os

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MESSAGE = "if `eu-west` or `us-east` fails, JetStream has no leader in any region: 3 of 6 servers are no majority"
REMEDY = (
    "with one more JetStream server in a third region any one region may fail; in scope `region` each region has a "
    "leader of its own"
)

pytestmark = pytest.mark.helm


@pytest.fixture
def cases(load_module):
    """Return the script that writes overlays and renderings, as a module."""
    return load_module(os.path.join(ROOT, "scripts", "rehearsal_cases.py"))


@pytest.fixture
def plain(cases, helm3, nats_chart):
    """The chart's rendering."""
    return cases.Renderer(helm3, nats_chart).template("2.14.2")


def explained(run, tmp_path, plain, region) -> list[str]:
    """What `explain` says of the region's stage."""
    words = ["--region", region, "--overlays", "overlays", "--json"]
    return json.loads(run("natsvalues", "explain", *words, stdin=plain, cwd=tmp_path, check=True).stdout)["guidance"]


def test_two_equal_regions(run, cases, plain, tmp_path):
    """Every command says which, and what changes it."""
    cases.write_overlays(str(tmp_path / "overlays"), ("us-east", "eu-west"))
    for region in ("us-east", "eu-west"):
        with open(tmp_path / "overlays" / f"{region}.yaml", "a", encoding="utf-8") as file:
            file.write("servers: 3\n")
    for region in ("us-east", "eu-west"):
        assert explained(run, tmp_path, plain, region)[-1] == f"{MESSAGE}; {REMEDY}"

    report = json.loads(run("natsvalues", "lint", "overlays", "-o", "json", cwd=tmp_path).stdout)
    found = [item for item in report["findings"] if item["rule"] == "JS014"]
    assert [(item["severity"], item["message"]) for item in found] == [("warning", f"{MESSAGE}; {REMEDY}")]

    words = ["--format", "svg", "--format", "mermaid=a.mmd", "--format", "html=a.html"]
    svg = run("natsvalues", "topology", "overlays", *words, cwd=tmp_path, check=True).stdout
    assert f"<title>{MESSAGE}; {REMEDY}</title>" in svg
    assert "no leader if eu-west or us-east fails" in svg
    assert MESSAGE.replace("`", "") in (tmp_path / "a.mmd").read_text(encoding="utf-8")
    page = (tmp_path / "a.html").read_text(encoding="utf-8").replace("<code>", "`").replace("</code>", "`")
    assert f">{MESSAGE}; {REMEDY}</p>" in page


def test_two_regions_whose_numbers_are_not_stated(run, cases, plain, tmp_path):
    """One of them is the larger one."""
    cases.write_overlays(str(tmp_path / "overlays"), ("us-east", "eu-west"))
    either = "if `eu-west` or `us-east`, whichever has more servers"

    assert explained(run, tmp_path, plain, "eu-west")[-1].startswith(either)
    assert (
        f"warning[JS014] one-region-ends-majority: {either}"
        in run("natsvalues", "lint", "overlays", cwd=tmp_path).stdout
    )


@pytest.mark.parametrize(
    ("regions", "scope", "stages"),
    [
        (("us-east", "eu-west", "ap-south"), "supercluster", {}),
        (("us-east", "eu-west"), "region", {}),
        (("us-east", "eu-west"), "supercluster", {"us-east": "expose", "eu-west": "expose"}),
    ],
    ids=["three regions", "scope region", "before the join"],
)
def test_nothing_to_say(regions, scope, stages, run, cases, plain, tmp_path):
    """Of what changes it, too."""
    cases.write_overlays(str(tmp_path / "overlays"), regions, scope, stages)

    for region in regions:
        assert "has no leader" not in " ".join(explained(run, tmp_path, plain, region))
    assert "JS014" not in run("natsvalues", "lint", "overlays", cwd=tmp_path).stdout
    assert "no leader if" not in run("natsvalues", "topology", "overlays", cwd=tmp_path, check=True).stdout


def test_two_servers_in_scope_region(run, cases, helm3, nats_chart, tmp_path):
    """The rendering's number counts."""
    cases.write_overlays(str(tmp_path / "overlays"), ("us-east",), "region")
    two = cases.Renderer(helm3, nats_chart).template("2.14.2", "config.cluster.replicas=2")

    said = explained(run, tmp_path, two, "us-east")[-1]
    cause = "if one of the two servers of `us-east` fails, JetStream has no leader: 1 of 2 servers is no majority"
    assert said == f"{cause}; with three servers one may fail"
