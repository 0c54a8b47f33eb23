"""Whole runs of `natsvalues values` as files: each folder is values, overlays, and what must come of them.

`values.yaml` (absent: none), `overlays/` (absent: those of the checkout), `region`, further arguments in `args`, and
`expected.yaml` with `report.txt` (standard error), or `error.txt` alone. NATSVALUES_UPDATE_GOLDEN=1 writes them anew.
"""

import os
import re

import pytest

pytestmark = pytest.mark.helm

HERE = os.path.dirname(os.path.abspath(__file__))
GOLDEN = os.path.join(HERE, "golden")
SHIPPED = os.path.join(HERE, "..", "..", "charts", "overlays")
UPDATING = os.environ.get("NATSVALUES_UPDATE_GOLDEN") == "1" and not os.environ.get("CI")
_STAMPS = re.compile(r'(natsvalues\.io/(?:overlay-digest|version):|# Made by natsvalues) "?[^\s,}"]+"?')


def content(case, name) -> str:
    """Text of a case's file; empty if there is none."""
    path = os.path.join(GOLDEN, case, name)
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8", newline="") as file:
        return file.read()


@pytest.mark.parametrize("case", sorted(os.listdir(GOLDEN)))
def test_the_run_gives_what_the_folder_says(case, helm3, nats_chart, run):
    """Values and report, or an error and nothing else, word by word."""
    folder = os.path.join(GOLDEN, case)
    own = os.path.exists(os.path.join(folder, "overlays"))
    command = ["natsvalues", "values", content(case, "region").strip(), "--overlays", "overlays" if own else SHIPPED]
    command += ["-f", "values.yaml"] if os.path.exists(os.path.join(folder, "values.yaml")) else []
    command += ["--chart", nats_chart, *content(case, "args").split()]
    done = run(*command, cwd=folder, env={"HELM_BIN": helm3})
    values, report = (
        _STAMPS.sub(r"\1 (any)", text).replace(SHIPPED, "OVERLAYS").replace(nats_chart, "CHART")
        for text in (done.stdout, done.stderr)
    )
    files = {"expected.yaml": values, "report.txt": report if values else "", "error.txt": "" if values else report}
    if UPDATING:
        for name, text in files.items():
            if text:
                with open(os.path.join(folder, name), "w", encoding="utf-8", newline="") as file:
                    file.write(text)
    assert done.returncode == (0 if content(case, "expected.yaml") else 1)
    assert files == {name: content(case, name) for name in files}
