"""The examples as a user has them: copied out of the checkout, and their READMEs and docs/tools followed word by word.

Only the chart's address is another one: a repository on loopback with the chart of the tests.
"""

from __future__ import annotations

import contextlib
import functools
import http.server
import itertools
import os
import re
import shutil
import tempfile
import threading
from typing import TYPE_CHECKING, NamedTuple

import yaml

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ADDRESS = "https://nats-io.github.io/k8s/helm/charts/"
VERSION = "2.14.2"
_EXPRESSION = re.compile(r"\$\{\{ (\S+) \}\}")
_BLOCK = re.compile(r"^```(sh[^\n]*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"^```yaml\n# (\S+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *words: object) -> None:
        """Nobody reads it."""


@contextlib.contextmanager
def serving(folder: str) -> Iterator[str]:
    """Serve a folder on loopback; gives its address."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def copied(target: str, address: str) -> str:
    """Copy the examples and the overlays they use, and give the copy's folder; `address` has the chart."""
    shutil.copytree(os.path.join(ROOT, "charts", "overlays"), os.path.join(target, "charts", "overlays"))
    folder = os.path.join(target, "examples")
    shutil.copytree(os.path.join(ROOT, "examples"), folder)
    shutil.copytree(os.path.join(ROOT, "docs", "tools"), os.path.join(target, "docs", "tools"))
    shutil.copyfile(os.path.join(ROOT, "docs", "delivery.md"), os.path.join(target, "docs", "delivery.md"))
    copies = (os.walk(os.path.join(target, name)) for name in ("examples", "docs"))
    for root, _, names in itertools.chain(*copies):
        for name in names:
            path = os.path.join(root, name)
            with open(path, encoding="utf-8") as file:
                text = file.read()
            if ADDRESS in text:
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text.replace(ADDRESS, address))
    return folder


class Page(NamedTuple):
    """What a page shows: files by name (a YAML block whose first line is its path), and commands with their marks."""

    files: dict[str, str]
    commands: list[tuple[str, str]]

    def marked(self, kind: str) -> list[str]:
        """The commands that are marked so, in order."""
        return [text for mark, text in self.commands if mark == kind]


class Walkthrough(NamedTuple):
    """The copied examples, and what runs their commands: `run`, with programs by the names that are typed."""

    folder: str
    run: Callable[..., subprocess.CompletedProcess[str]]
    path: str

    def blocks(self, example: str, kind: str = "sh") -> list[str]:
        """The commands of a README that are marked so."""
        with open(os.path.join(self.folder, example, "README.md"), encoding="utf-8") as file:
            return [text for mark, text in _BLOCK.findall(file.read()) if mark == kind]

    def page(self, name: str) -> Page:
        """A page of docs, such as `tools/flux`, whose commands are run in the folder of an example."""
        with open(os.path.join(os.path.dirname(self.folder), "docs", f"{name}.md"), encoding="utf-8") as file:
            text = file.read()
        return Page(dict(_FILE.findall(text)), _BLOCK.findall(text))

    def write(self, page: Page, example: str) -> None:
        """Write the files that a page shows, where it says that they are."""
        for name, text in page.files.items():
            path = os.path.join(self.folder, example, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)

    def shell(self, text: str, example: str, *, check: bool = True, **more: object) -> subprocess.CompletedProcess[str]:
        """Run commands in an example's folder, up to the first that fails."""
        env = {"PATH": self.path} | dict(more.pop("env", {}))  # type: ignore[call-overload]
        return self.run(
            "sh", "-euc", text, cwd=os.path.join(self.folder, example), env=env, check=check, timeout=120, **more
        )

    def job(self, name: str, expressions: dict[str, str], env: dict[str, str]) -> dict[str, str]:
        """Run a job of the GitHub workflow as a runner does, but for what installs natsvalues and what others do.

        `expressions` are what stands in `${{ }}`. Gives what the job wrote to the files of GITHUB_*; a step that
        fails raises AssertionError.
        """
        folder = os.path.join(self.folder, "github-actions")
        with open(os.path.join(folder, "nats.yml"), encoding="utf-8") as file:
            job = yaml.safe_load(file)["jobs"][name]
        temporary = tempfile.mkdtemp(dir=self.folder)
        files = {key: os.path.join(temporary, key) for key in ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_STEP_SUMMARY")}
        for path in files.values():
            with open(path, "w", encoding="utf-8"):
                pass
        given = dict(env)
        for step in job["steps"]:
            if "run" not in step or step["run"].startswith("pip install "):
                continue
            told = {
                key: _EXPRESSION.sub(lambda found: expressions[found[1]], text)
                for key, text in {**job.get("env", {}), **step.get("env", {})}.items()
            }
            self.shell(step["run"], "github-actions", env={"RUNNER_TEMP": temporary, **files, **told, **given})
            with open(files["GITHUB_ENV"], encoding="utf-8") as file:
                given |= dict(line.split("=", 1) for line in file.read().splitlines())
        found = {}
        for key, path in files.items():
            with open(path, encoding="utf-8") as file:
                found[key] = file.read()
        return found

    def follow(self, example: str, kind: str = "sh", **more: object) -> str:
        """Run all commands of a README of a kind, in order; gives what they print."""
        done = [self.shell(text, example, **more) for text in self.blocks(example, kind)]
        assert done, f"{example} has no commands of the kind {kind}"
        return "".join(each.stdout for each in done)


def with_programs(folder: str, programs: dict[str, str], path: str) -> str:
    """A PATH on which programs are found by these names before everything else."""
    os.makedirs(folder)
    for name, target in programs.items():
        os.symlink(target, os.path.join(folder, name))
    return os.pathsep.join([folder, path])
