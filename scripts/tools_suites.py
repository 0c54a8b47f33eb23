"""Run the examples in the real tools, on a real API server, and write docs/tools/runs.md.

    python scripts/tools_suites.py               # builds the tools first: over an hour from cold; then ten minutes
    python scripts/tools_suites.py --built       # builds nothing: what is not in .tools is left out
    python scripts/tools_suites.py flux kpt      # some tools; the page keeps what the last runs of the others left

The tests are in tests/examples/tools, and what they leave is in build/tools. A tool that cannot be built is left out,
and the page says why.
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
RESULTS = os.path.join(ROOT, "build", "tools")
PAGE = os.path.join(ROOT, "docs", "tools", "runs.md")
TITLES = {
    "flux": "Flux, with `kubectl apply` for its Kustomization",
    "kustomization": "Flux, with its Kustomization from a git repository",
    "kpt": "kpt",
    "helmfile": "Helmfile",
    "argocd": "Argo CD, with `kubectl apply` for a sync",
    "repo_server": "Argo CD, with its own servers and controllers",
}
"""The tools: words of the command, and titles of the page."""
NEEDED = {
    "flux": ("source-controller", "helm-controller"),
    "kustomization": ("source-controller", "helm-controller", "kustomize-controller"),
    "kpt": ("kpt",),
    "helmfile": ("helmfile", "helm-diff"),
    "argocd": (),
    "repo_server": ("argocd", "miniredis"),
}
"""What a tool's tests need built."""
MISSING = {
    "Terraform's provider": "the Go module proxy serves none that main.tf can use. Of "
    "github.com/hashicorp/terraform-provider-helm 2.9.0, 2.12.1, 2.15.0, 2.16.1, 2.17.0, 3.0.1, 3.0.2, 3.1.0, 3.1.1, "
    "3.1.2 and its newest commit it says `This module version is not available`; it has 1.3.2 of 2020, whose "
    "`postrender` has no `args`, and which has no manifest experiment. OpenTofu (1.12.6) could be built, and has "
    "nothing to run without a provider. The tests run the post-renderer with the arguments of main.tf.",
    "helm-diff 3.10.0 and newer": "`This module version is not available`; 3.9.14 is not in the checksum database.",
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
    tools = [word for word in words if word in TITLES] or list(TITLES)
    wanted = [name for tool in tools for name in NEEDED[tool]]
    built = {name: _built(name, builds="--built" not in words) for name in wanted}
    os.makedirs(RESULTS, exist_ok=True)
    cluster_build.build()
    env = os.environ | {"NATSVALUES_TOOLS_BUILT": json.dumps(built | {"": ""})}
    codes = []
    for tool in tools:
        file, results = os.path.join(TESTS, f"test_{tool}.py"), os.path.join(RESULTS, f"{tool}.xml")
        command = [
            sys.executable,
            "-m",
            "pytest",
            file,
            f"--junitxml={results}",
            "-o",
            "junit_family=xunit1",
            "-q",
            "-n",
            "2",
        ]
        codes.append(subprocess.run(command, cwd=ROOT, check=False, env=env).returncode)
    with open(PAGE, "w", encoding="utf-8") as stream:
        stream.write(page())
    return max(codes)


def _built(name: str, *, builds: bool) -> str:
    """The path of a program, or why there is none."""
    try:
        if not builds:
            return tool_builds.built(name) or f"{name} was not built for this run"
        return tool_builds.build(name)
    except tool_builds.BuildError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return f"{name} was not built: {str(error).splitlines()[-1]}"


def page() -> str:
    """The page, from the last results of each tool."""
    versions = {program.name: program.version for program in tool_builds.PROGRAMS}
    ran, sections, missing = [], [], dict(MISSING)
    for tool, title in TITLES.items():
        path = os.path.join(RESULTS, f"{tool}.xml")
        cases = list(ET.parse(path).iter("testcase")) if os.path.isfile(path) else []  # noqa: S314 - of our own run
        reasons = [skipped.get("message", "") for case in cases if (skipped := case.find("skipped")) is not None]
        if len(reasons) == len(cases):
            missing[title] = f"{reasons[0] if reasons else 'it was not tried'}."
            continue
        left_out = {reason.partition(" ")[0] for reason in reasons}
        ran += [f"| {name} | {versions[name]} |\n" for name in NEEDED[tool] if name in versions.keys() - left_out]
        sections.append(f"\n## {title}\n\n| What | Seen | Seconds |\n| --- | --- | --- |\n")
        sections += sorted(map(_row, cases))
    head = [_HEAD.format(version=cluster_build.version()), "| Tool | Version |\n| --- | --- |\n", *dict.fromkeys(ran)]
    left = [f"- {name}: {reason}\n" for name, reason in missing.items()]
    return "".join([*head, *sections, "\n## What did not run\n\n", *left])


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
