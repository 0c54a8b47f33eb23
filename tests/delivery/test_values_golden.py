"""Whole runs of `natsvalues values` as files: each folder is values, overlays, and what must come of them.

`values.yaml` (absent: none), `overlays/` (absent: those of the checkout), `region`, further arguments in `args`, and
`expected.yaml` with `told.txt` (standard error), or `error.txt` alone. NATSVALUES_UPDATE_GOLDEN=1 writes them anew.
"""

import os
import re

import pytest

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
def test_the_run_gives_what_the_folder_says(case, run):
    """Values and report, or an error and nothing else, word by word."""
    folder = os.path.join(GOLDEN, case)
    own = os.path.exists(os.path.join(folder, "overlays"))
    command = ["natsvalues", "values", content(case, "region").strip(), "--overlays", "overlays" if own else SHIPPED]
    command += ["-f", "values.yaml"] if os.path.exists(os.path.join(folder, "values.yaml")) else []
    done = run(*command, *content(case, "args").split(), cwd=folder)
    made = _STAMPS.sub(r"\1 (any)", done.stdout).replace(SHIPPED, "OVERLAYS")
    told = _STAMPS.sub(r"\1 (any)", done.stderr).replace(SHIPPED, "OVERLAYS")
    files = {"expected.yaml": made, "told.txt": told if made else "", "error.txt": "" if made else told}
    if UPDATING:
        for name, text in files.items():
            if text:
                with open(os.path.join(folder, name), "w", encoding="utf-8", newline="") as file:
                    file.write(text)
    assert done.returncode == (0 if content(case, "expected.yaml") else 1)
    assert files == {name: content(case, name) for name in files}
