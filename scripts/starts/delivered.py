"""What helm renders for a case, and what natsvalues makes of it in the case's way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from natsvalues.errors import ManyErrors, NatsvaluesError
from natsvalues.manifests.release import Release
from natsvalues.overlays.folder import load
from natsvalues.overlays.pipeline import render
from natsvalues.overlays.plan import plan
from natsvalues.text.yamlwrite import block

if TYPE_CHECKING:
    from starts.case import Case
    from starts.regions import Written

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CHART = os.path.join(ROOT, "tests", "charts", "nats")
SECONDS = 120
VALUES_ONLY = {"NV-V004"}
"""Refusals of `values` alone: the post-renderer may accept the same."""


class Refused(Exception):
    """natsvalues refused a region: the codes, and the text."""

    def __init__(self, codes: tuple[str, ...], text: str) -> None:
        super().__init__(text)
        self.codes = codes
        self.text = text


class Crashed(Exception):
    """natsvalues ended with an internal error or a trace."""


class Tool(NamedTuple):
    """helm, and a folder for files."""

    helm: str
    folder: str

    def template(self, values: str, *more: str) -> str:
        """What helm renders with these values (JSON). Raises CalledProcessError where the chart refuses them."""
        return _templated(self.helm, self.folder, values, more)


@lru_cache(maxsize=64)
def _templated(helm: str, folder: str, values: str, more: tuple[str, ...]) -> str:
    path = os.path.join(folder, "values.json")
    with open(path, "w", encoding="utf-8") as file:
        file.write(values)
    command = [helm, "template", "nats", CHART, "-f", path, *more]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=SECONDS).stdout


def write(written: Written, folder: str) -> str:
    """Write the overlays; the folder."""
    os.makedirs(folder, exist_ok=True)
    for name, content in written.files.items():
        with open(os.path.join(folder, f"{name}.yaml"), "w", encoding="utf-8") as file:
            file.write("\n".join([*block(content), ""]))
    return folder


def plain(case: Case, tool: Tool) -> str:
    """The chart's rendering with the case's values."""
    return tool.template(json.dumps(case.setup.values))


def delivered(case: Case, written: Written, tool: Tool) -> dict[str, str]:
    """Every region's release, made in the case's way. Raises Refused or Crashed."""
    folder = write(written, os.path.join(tool.folder, f"overlays-{abs(hash(json.dumps(written.files)))}"))
    return {region: _region(case, region, folder, tool) for region in written.regions}


def _region(case: Case, region: str, folder: str, tool: Tool) -> str:
    rendered = plain(case, tool)
    if case.way == "post-render":
        return post_rendered(rendered, folder, region)
    command = [sys.executable, "-m", "natsvalues"]
    if case.way == "command":
        return _output([*command, "post-render", "--overlays", folder, "--region", region], rendered)
    if case.way == "krm":
        return _krm(command, region, folder, rendered)
    path = os.path.join(tool.folder, "given.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(case.setup.values, file)
    words = ["values", region, "-f", path, "--chart", CHART, "--overlays", folder, "--release", "nats", "-q"]
    try:
        text = _output([*command, *words], None, tool.helm)
    except Refused as refused:
        if set(refused.codes) <= VALUES_ONLY:
            return post_rendered(rendered, folder, region)
        raise
    target = os.path.join(tool.folder, f"{region}-values.yaml")
    with open(target, "w", encoding="utf-8") as file:
        file.write(text)
    done = subprocess.run(
        [tool.helm, "template", "nats", CHART, "-f", target],
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    if done.returncode:
        raise Crashed(f"helm refuses the values that were written: {done.stderr[-600:]}")
    return done.stdout


def post_rendered(rendered: str, folder: str, region: str) -> str:
    """A region's release, by the pipeline. Raises Refused or Crashed."""
    try:
        return render(Release(rendered), plan(load(folder), region)).release.text()
    except ManyErrors as error:
        raise Refused(tuple(item.code for item in error.errors), str(error)) from None
    except NatsvaluesError as error:
        if error.exit_code == 3:
            raise Crashed(str(error)) from error
        raise Refused((error.code,), str(error)) from None
    except Exception as error:  # whatever it is, a user would see a trace
        raise Crashed(f"{type(error).__name__}: {error}") from error


def _krm(command: list[str], region: str, folder: str, rendered: str) -> str:
    import yaml  # an independent reader and writer, as kustomize has one

    items = [item for item in yaml.safe_load_all(rendered) if item]
    config = {
        "apiVersion": "natsvalues.io/v1", "kind": "NatsValues", "metadata": {"name": region},
        "spec": {"region": region, "overlays": folder},
    }  # fmt: skip
    given = {"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "functionConfig": config, "items": items}
    answer: dict[str, Any] = yaml.safe_load(_output([*command, "krm"], yaml.safe_dump(given, sort_keys=False)))
    return str(yaml.safe_dump_all(answer["items"], sort_keys=False, explicit_start=True))


def _output(command: list[str], stdin: str | None, helm: str = "") -> str:
    """What a command of natsvalues writes. Raises Refused or Crashed."""
    environment = {**os.environ, "HELM_BIN": helm}
    done = subprocess.run(
        command, input=stdin or "", capture_output=True, text=True, check=False, timeout=SECONDS, env=environment
    )
    if done.returncode == 0:
        return done.stdout
    codes = tuple(part.partition("]")[0] for part in done.stderr.split("error[")[1:])
    if done.returncode != 1 or not codes:
        raise Crashed(f"exit code {done.returncode}: {done.stderr[-600:]}")
    raise Refused(codes, done.stderr)
