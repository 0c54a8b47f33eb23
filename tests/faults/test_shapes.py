"""Any node of a release in the place of which something else stands: an error of ours, or a result; never a bug."""

from __future__ import annotations

import io
import os
import sys

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from natsvalues.cli.diff.command import diff
from natsvalues.cli.lint import LintOptions, run_lint
from natsvalues.cli.lint_inputs import Inputs
from natsvalues.errors import EXIT_BUG, InternalError, NatsvaluesError
from natsvalues.manifests.release import Release
from natsvalues.overlays.folder import load
from natsvalues.overlays.pipeline import render
from natsvalues.overlays.plan import plan

GOLDEN = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "golden", "stage-join-empty")
PLAN = plan(load(os.path.join(GOLDEN, "overlays")), "eu-west")
with open(os.path.join(GOLDEN, "input.yaml"), encoding="utf-8") as stream:
    PLAIN = stream.read()
OURS = render(Release(PLAIN), PLAN).release.text()
DOCUMENTS = [item for text in (PLAIN, OURS) for item in [[part for part in yaml.safe_load_all(text) if part]]]
JUNK = st.sampled_from([None, [], {}, "", "x", 7, -1, True, 1.5, 10**30, [None], ["x"], [{}], [[]], {"a": None}, [7]])


@pytest.fixture(scope="module")
def streams(spoiling):
    """Streams with junk in the place of one value, wherever it stands."""
    spots = [
        (side, index, path)
        for side, documents in enumerate(DOCUMENTS)
        for index, document in enumerate(documents)
        for path in spoiling.places(document)
    ]

    def stream(spot, junk):
        side, index, path = spot
        documents = list(DOCUMENTS[side])
        documents[index] = spoiling.replaced(documents[index], path, junk)
        return yaml.safe_dump_all(documents, sort_keys=False)

    return st.builds(stream, st.sampled_from(spots), JUNK)


def _post_render(text):
    """Post-render, and once more; return what came out, None for an error of ours."""
    try:
        once = render(Release(text), PLAN).release.text()
        again = render(Release(once), PLAN).release.text()
    except InternalError:
        raise
    except NatsvaluesError:
        return None
    assert again == once
    return once


@given(st.data())
@settings(max_examples=120)
def test_post_render_survives(streams, data):
    """And rendering the result again changes nothing."""
    _post_render(data.draw(streams))


@given(st.data())
@settings(max_examples=40)
def test_lint_and_diff_survive(streams, data):
    """In both directions; their exit code is never that of a bug."""
    folder = os.environ["FAULTS_FOLDER"]
    odd, fine = os.path.join(folder, "odd.yaml"), os.path.join(folder, "fine.yaml")
    for path, text in ((odd, data.draw(streams)), (fine, OURS)):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    assert diff([odd, fine, "-o", "text", "-o", f"json={folder}/json"]) != EXIT_BUG
    assert diff([fine, odd, "-o", "text", "-o", f"html={folder}/html"]) != EXIT_BUG
    assert run_lint(LintOptions(Inputs((odd,)))) != EXIT_BUG


@pytest.fixture(autouse=True, scope="module")
def _own_places(tmp_path_factory):
    """Keep reports and the state file in a folder of this module; standard output is not looked at."""
    with pytest.MonkeyPatch.context() as patch:
        folder = str(tmp_path_factory.mktemp("shapes"))
        patch.setitem(os.environ, "FAULTS_FOLDER", folder)
        patch.setitem(os.environ, "XDG_STATE_HOME", folder)
        patch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="utf-8"))
        yield


WRONG = {
    "a selector": (("Service", "spec", "selector"), "app", "text where a mapping is expected"),
    "ports": (("Service", "spec", "ports"), {"port": 4222}, "a mapping where a list is expected"),
    "a port": (("Service", "spec", "ports", 0), 4222, "a number where a mapping is expected"),
    "a name": (("StatefulSet", "metadata", "name"), 7, "a number where text is expected"),
    "labels": (("StatefulSet", "metadata", "labels"), [], "a list where a mapping is expected"),
    "containers": (("StatefulSet", "spec", "template", "spec", "containers"), True, "true or false where a list"),
}


@pytest.mark.parametrize("field", WRONG)
def test_a_wrong_type_is_named_with_its_field(spoiling, field):
    """With its object, its line and its field."""
    (kind, *path), junk, reason = WRONG[field]
    documents = [spoiling.replaced(item, path, junk) if item["kind"] == kind else item for item in DOCUMENTS[0]]

    with pytest.raises(NatsvaluesError) as error:
        render(Release(yaml.safe_dump_all(documents, sort_keys=False)), PLAN)

    assert error.value.code == "NV-I011"
    assert reason in error.value.message
    assert error.value.where[0].line > 1
    assert error.value.where[0].field.startswith(path[0])


def test_a_selector_of_null_is_no_bug(spoiling):
    """It selects nothing."""
    path = ("spec", "selector")
    documents = [
        spoiling.replaced(item, path, {"selector": None}) if item["kind"] == "Service" else item
        for item in DOCUMENTS[0]
    ]
    _post_render(yaml.safe_dump_all(documents, sort_keys=False))


@pytest.mark.parametrize("kind", ["ConfigMap", "Service", "StatefulSet"])
def test_an_object_that_stands_twice_is_refused_or_stays(kind):
    """Of the headless Service each pass gave another copy a port."""
    parts = PLAIN.split("---\n")
    for index, part in enumerate(parts):
        if f"kind: {kind}\n" in part:
            _post_render("---\n".join([*parts[: index + 1], part, *parts[index + 1 :]]))


def test_an_edited_object_that_stands_twice_is_named():
    """Both places."""
    headless = next(part for part in PLAIN.split("---\n") if "name: nats-headless" in part and "kind: Service" in part)

    with pytest.raises(NatsvaluesError) as error:
        render(Release(f"{PLAIN}---\n{headless}"), PLAN)

    assert error.value.code == "NV-E002"
    assert len(error.value.where) == 2
