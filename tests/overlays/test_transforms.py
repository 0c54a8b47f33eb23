"""Each transform at its boundaries: what becomes of a rendering, beside what becomes of every rendering.

edits/cases.yaml has the cases, and edits/NAME.diff what they are expected to become: the lines that post-render takes
away and adds beyond those of the unchanged example, those of the example that it does not (`lacks`), and the further
notices; or the error. An empty file: the same as of the example. NATSVALUES_UPDATE_GOLDEN=1 writes them anew.
"""

from __future__ import annotations

import difflib
import os
import re

import pytest
import yaml

from natsvalues.errors import NatsvaluesError
from natsvalues.manifests.release import Release
from natsvalues.manifests.stamps import ACCEPTED
from natsvalues.overlays.transforms.stamps import stamps

EDITS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "edits")
CHANGES_ALWAYS = re.compile(r"natsvalues\.io/(overlay-digest|version|restart-digest)|checksum/config")
with open(os.path.join(EDITS, "cases.yaml"), encoding="utf-8") as opened:
    CASES = yaml.safe_load(opened)


def given(world, parts) -> Release:
    """The rendering of a case."""
    parts = dict(parts)
    name, namespace, variables = (parts.pop(key, None) for key in ("rename", "namespace", "variables"))
    text = world.given(**{key: part for key, part in parts.items() if key not in ("supercluster", "overlay")}).text()
    if name is not None:
        text = re.sub(r"\bname: nats$", f"name: {name}", text, flags=re.MULTILINE)
    if namespace is not None:
        text = re.sub(r"^metadata:\n", f"metadata:\n  namespace: {namespace}\n", text, flags=re.MULTILINE)
    if variables is not None:
        text = re.sub(r"^( +)env:\n(?:\1  .*\n)+", "", text, flags=re.MULTILINE)
    return Release(text)


def edits(world, parts) -> tuple[list[str], list[str]]:
    """The lines that post-render takes away and adds, and the notices or the error."""
    release, region = given(world, parts), parts.get("region", "us-east")
    supercluster = dict(parts.get("supercluster", {}))
    scope = supercluster.pop("jetstream", {})
    try:
        result = world.rendered(
            release,
            region,
            supercluster={**supercluster, "jetstream": {"scope": "supercluster", **scope}},
            **parts.get("overlay", {}),
        )
    except NatsvaluesError as error:
        return [], [str(error).replace(world.folder, "")]
    texts = [item.text().splitlines() for item in (release, result.release)]
    lines = list(difflib.unified_diff(*texts, n=0, lineterm=""))[2:]
    notices = [f"{item.level}: {item.message} ({', '.join(map(str, item.where))})" for item in result.notices]
    return [line for line in lines if not line.startswith("@@") and not CHANGES_ALWAYS.search(line)], notices


@pytest.fixture
def usual(world):
    """What becomes of the example without changes, by region."""
    return lambda region: edits(world, {"region": region})


@pytest.mark.helm
def test_an_accepted_loss_is_stamped(world):
    """Beside the other stamps; without one there is none."""
    planned = world.rendered(world.given()).plan

    assert ACCEPTED not in stamps(planned)
    assert stamps(planned._replace(accepted="server-names")) == {**stamps(planned), ACCEPTED: "server-names"}


@pytest.mark.helm
@pytest.mark.parametrize("case", CASES)
def test_what_becomes_of_it(case, world, usual, as_on_file):
    """The edits beyond the usual ones, the usual ones that are not there, and the notices, or the error."""
    parts = CASES[case]
    lines, said = edits(world, parts)
    expected, always = usual(parts.get("region", "us-east")) if lines else ([], [])
    rows = [line for line in lines if line not in expected]
    rows += [f"lacks {line}" for line in expected if line not in lines]
    rows += [notice for notice in said if notice not in always]
    text = "".join(f"{row}\n" for row in rows).replace(world.folder, "")
    as_on_file(os.path.join(EDITS, f"{case}.diff"), text)
