"""Where renderings come from: folders of one or several steps, and overlays in the safe order of their scope."""

import pytest

from natsvalues.errors import NatsvaluesError
from natsvalues.manifests.settings import jetstream_is_on, remotes
from natsvalues.overlays.folder import load
from natsvalues.rehearsal.sources import fitting, steps_in, steps_of

pytestmark = pytest.mark.helm
THREE = ("us-east", "eu-west", "ap-south")


def contents(path):
    """The text of a file."""
    with open(path, encoding="utf-8") as file:
        return file.read()


@pytest.fixture(scope="module")
def plain(renderer):
    """One plain rendering for all regions."""
    return renderer.template("2.14.2"), "plain.yaml"


def steps(cases, tmp_path, plain, scope, scenario):
    """The steps that overlays of three regions make."""
    cases.write_overlays(str(tmp_path), THREE, scope)
    return steps_of(load(str(tmp_path)), lambda _: plain, scenario)


def test_the_walk_of_one_jetstream_brings_newcomers_in_one_by_one(cases, tmp_path, plain):
    """The seed first; before a newcomer joins, all that have joined know it; its JetStream comes with the remotes."""
    walk = steps(cases, tmp_path, plain, "supercluster", "stage-walk")

    assert [step.name for step in walk] == [
        *("us-east to local", "us-east to expose"),
        *("ap-south to local", "ap-south to expose", "us-east to join", "ap-south to join"),
        *("eu-west to local", "eu-west to expose", "us-east to join", "ap-south to join", "eu-west to join"),
    ]
    for step in walk:
        ((region, rendering),) = step.renderings.items()
        joins = step.name.endswith("join")
        assert bool(remotes(rendering.conf)) == joins
        assert jetstream_is_on(rendering.conf) == (joins or region == "us-east")


def test_the_walk_of_a_jetstream_each_joins_when_all_have_booted(cases, tmp_path, plain):
    """Every region through local and expose by itself, then everybody joins."""
    walk = steps(cases, tmp_path, plain, "region", "stage-walk")

    names = [step.name for step in walk]
    assert [name.split()[-1] for name in names] == ["local", "expose"] * 3 + ["join"] * 3
    assert all(jetstream_is_on(item.conf) for step in walk for item in step.renderings.values())


def test_a_first_install_in_scope_region_goes_through_expose(cases, tmp_path, plain):
    """It would never elect otherwise; a cold restart is one step."""
    first = steps(cases, tmp_path, plain, "region", "first-install")

    assert [bool(remotes(step.renderings["us-east"].conf)) for step in first] == [False, True]
    assert len(steps(cases, tmp_path, plain, "region", "cold-restart")) == 1


def test_regions_can_change_at_once(cases, tmp_path, plain):
    """Those that go to the same stages one after the other are one step; each other step stays as it is."""
    cases.write_overlays(str(tmp_path), THREE, "supercluster")

    walk = steps_of(load(str(tmp_path)), lambda _: plain, "stage-walk", at_once=True)

    assert [step.name for step in walk] == [
        *("us-east to local", "us-east to expose"),
        *("ap-south to local", "ap-south to expose", "us-east to join and ap-south to join"),
        *("eu-west to local", "eu-west to expose", "us-east to join and ap-south to join and eu-west to join"),
    ]


def test_a_folder_is_one_step_or_a_step_for_each_folder_in_it(cases, tmp_path, plain):
    """By the names of the folders, in their order."""
    for name in ("2-join", "1-alone"):
        cases.write_renderings(str(tmp_path / "walk" / name), {"us-east": plain[0]})

    assert [step.name for step in steps_in(str(tmp_path / "walk"), contents)] == ["1-alone", "2-join"]
    (step,) = steps_in(str(tmp_path / "walk" / "1-alone"), contents)
    assert list(step.renderings) == ["us-east"]

    (tmp_path / "walk" / "us-east.yaml").write_text(plain[0], encoding="utf-8")
    with pytest.raises(NatsvaluesError) as caught:
        steps_in(str(tmp_path / "walk"), contents)
    assert caught.value.code == "NV-R001"


def test_scenarios_take_the_steps_they_need(cases, tmp_path, plain):
    """An upgrade the last of both, a cold restart the last, a walk all of them."""
    for name in ("1", "2"):
        cases.write_renderings(str(tmp_path / name), {"us-east": plain[0]})
    both = steps_in(str(tmp_path), contents)

    assert [step.name for step in fitting("upgrade", both, both[:1])] == ["1", "2"]
    assert [step.name for step in fitting("cold-restart", both, ())] == ["2"]
    assert fitting("stage-walk", both, ()) == both


def test_a_broken_configuration_is_reported_with_its_place(cases, tmp_path, plain):
    """File and line of what the server would not read."""
    broken = plain[0].replace('"port": 4222,', '"port": [1,2],')
    cases.write_renderings(str(tmp_path), {"us-east": broken})

    with pytest.raises(NatsvaluesError) as caught:
        steps_in(str(tmp_path), contents)
    place = caught.value.where[0]
    line = broken.splitlines().index('      "port": [1,2],') + 1
    assert (place.file, place.line - line in (0, 1)) == (str(tmp_path / "us-east.yaml"), True)
