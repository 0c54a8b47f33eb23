"""Run the examples in the real tools, on a real API server, and write docs/tools/runs.md.

    python scripts/tools_suites.py               # builds the tools first: over an hour from cold; then a few minutes
    python scripts/tools_suites.py --built       # builds nothing: what is not in .tools is left out
    python scripts/tools_suites.py -k flux       # some tests (words of pytest), without the page

The tests are in tests/examples/tools. A tool that cannot be built is left out, and the page says why.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path.append(HERE)

import cluster_build  # noqa: E402 - scripts are no package
import tool_builds  # noqa: E402 - same

if TYPE_CHECKING:
    from collections.abc import Sequence

TESTS = os.path.join(ROOT, "tests", "examples", "tools")
RESULTS = os.path.join(ROOT, "build", "tools.xml")
PAGE = os.path.join(ROOT, "docs", "tools", "runs.md")
TITLES = {"test_flux": "Flux", "test_kpt": "kpt", "test_helmfile": "Helmfile", "test_argocd": "Argo CD"}
MISSING = {
    "Terraform's provider": "its module is not served by the Go module proxy (3.1.2, and its newest commit: "
    "`This module version is not available`), and no registry of packages has the provider, terraform or tofu.",
    "Flux's kustomize-controller": "not built; `kustomize build` and `kubectl apply --server-side` stand in for it.",
    "Argo CD's repo-server": "not built: its module needs gitops-engine from a folder of its checkout, which is not in "
    "the module's zip. The tests run helm as it does, and `kubectl apply` stands in for a sync.",
    "`helmfile apply` and `diff`": "they need the plugin helm-diff, which no registry of packages has; `sync` ran.",
}
"""What did not run, and why."""
_HEAD = """# What ran

<!-- Written by scripts/tools_suites.py from a run: change that. -->

The examples and the commands of [these pages](README.md) in the real tools, built from their Go modules, on a real
kube-apiserver {version} with etcd, without nodes: no pod ran. Charts come from a repository on loopback.

    python scripts/tools_suites.py

"""


def main(words: Sequence[str]) -> int:
    """Build, run, and write the page."""
    builds = "--built" not in words
    words = [word for word in words if word != "--built"]
    built = {program.name: _built(program.name, builds=builds) for program in tool_builds.PROGRAMS}
    os.makedirs(os.path.dirname(RESULTS), exist_ok=True)
    cluster_build.build()
    command = [sys.executable, "-m", "pytest", TESTS, f"--junitxml={RESULTS}", "-q", "-n", "2", *words]
    done = subprocess.run(
        command, cwd=ROOT, check=False, env=os.environ | {"NATSVALUES_TOOLS_BUILT": json.dumps(built)}
    )
    if not words:
        with open(PAGE, "w", encoding="utf-8") as file:
            file.write(page(RESULTS))
    return done.returncode


def _built(name: str, *, builds: bool) -> str:
    """The path of a program, or why there is none."""
    try:
        if not builds:
            return tool_builds.built(name) or f"{name} was not built for this run"
        return tool_builds.build(name)
    except tool_builds.BuildError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return f"{name} was not built: {str(error).splitlines()[-1]}"


def page(results: str) -> str:
    """The page, from the results of a run."""
    lines = [_HEAD.format(version=cluster_build.version()), "| Tool | Version |\n| --- | --- |\n"]
    lines += [f"| {program.name} | {program.version} |\n" for program in tool_builds.PROGRAMS]
    cases: dict[str, list[str]] = {}
    for case in ET.parse(results).iter("testcase"):  # noqa: S314 - of our own run
        module = case.get("classname", "").rpartition(".")[2]
        cases.setdefault(module, []).append(_row(case))
    for module, rows in cases.items():
        lines.append(f"\n## {TITLES[module]}\n\n| What | Seen | Seconds |\n| --- | --- | --- |\n")
        lines += rows
    lines.append("\n## What did not run\n\n")
    lines += [f"- {name}: {reason}\n" for name, reason in MISSING.items()]
    return "".join(lines)


def _row(case: ET.Element) -> str:
    noted = {item.get("name", ""): item.get("value", "") for item in case.iter("property")}
    skipped = case.find("skipped")
    is_failed = case.find("failure") is not None or case.find("error") is not None
    seen = "**failed**" if is_failed else noted.get("saw", "")
    if skipped is not None:
        seen = f"not run: {skipped.get('message', '')}"
    cells = (noted.get("about", case.get("name")), seen.replace("|", "&#124;"), f"{float(case.get('time', 0)):.0f}")
    return f"| {' | '.join(map(str, cells))} |\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
