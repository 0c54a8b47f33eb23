"""Write the reference pages in docs/ from what they describe: model, schema, command line, lint rules, profiles.

`python scripts/reference_docs.py` writes docs/overlays.md, docs/overlay.schema.json, docs/diff.schema.json,
docs/plan.schema.json, docs/cli.md, docs/rules.md, docs/impacts.md, docs/reload.md, docs/configuration.md,
docs/doctor-rules.md, docs/doctor.schema.json and docs/providers.md; with `--check` it writes nothing, names the stale
files and fails (exit code 1).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import types
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from configuration_docs import page as configuration_page
from reload_docs import page as reload_page
from rules_docs import doctor_page, impacts_page, rules_page
from typer.main import get_command
from typer.testing import CliRunner

from natsvalues.cli.app import app
from natsvalues.overlays.model import Region, Supercluster
from natsvalues.overlays.schema import schema
from natsvalues.report.diff_schema import schema as diff_schema
from natsvalues.report.doctor_json import schema as doctor_schema
from natsvalues.report.plan_json import schema as plan_schema
from natsvalues.text.reading import Between, Matches, field_doc, spelled

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DOCS = os.path.join(ROOT, "docs")
PROVIDER_DOCS = os.path.join(ROOT, "scripts", "provider_docs.py")
PROVIDER_PAGE = "providers.md"
NAMES = {str: "text", int: "whole number", bool: "true or false"}

OVERLAYS_HEAD = """\
# Overlay files

<!-- Written by scripts/reference_docs.py from natsvalues/overlays/model.py: change that. -->

A folder (the default is `charts/overlays`) has one file of `kind: Supercluster` and one of
`kind: Region` for each region; several documents may share a file. `natsvalues init` writes a commented pair,
`natsvalues schema` prints the [JSON Schema](overlay.schema.json) for editors, and
`natsvalues overlay show REGION` prints the effective settings of a region. The stages are described in
[stages.md](stages.md), the providers' inputs in [providers.md](providers.md).

A field without a default may be left out. *Required* inside a section that may be left out means: required
where the section is written. An unknown field is an error.
"""

CLI_HEAD = """\
# Commands

<!-- Written by scripts/reference_docs.py from the commands' own --help. -->

Without a verb, natsvalues post-renders when its standard input is not a terminal, and shows its help otherwise.

| Exit code | Meaning |
| --- | --- |
| 0 | Fine; warnings may stand on standard error. |
| 1 | An expected failure, wrong usage included: the [error](errors.md) says what to do. |
| 2 | `diff --detailed-exitcode`: something differs. |
| 3 | A bug of natsvalues: nothing was written, `natsvalues last` has the trace. |
| 4 | A gate was crossed: `--fail-on` of `diff` (a level) or of `lint` (a severity), or `--expect` of `rehearse`. |
| 5 | A rehearsal is stuck, or lost data. |
| 130 | Interrupted, or the reader of the output went away. |

| Variable | Meaning |
| --- | --- |
| `NATSVALUES_REGION` | The region, where `--region` is not given. |
| `NATSVALUES_OVERLAYS` | The folder of the overlays, where `--overlays` is not given. |
| `NATSVALUES_PRIOR` | The release before, where `--prior` is not given; `none` compares with nothing. |
| `NATSVALUES_REPORT` | The file for the diff of a post-render run, where `--report` is not given. |
| `NATSVALUES_HELM_SECONDS` | How long one call of helm may take; 60 where nothing is said. |
| `NATSVALUES_COLOR`, `HELM_COLOR` | `always` or `never`, where `diff --color` is not given; `NO_COLOR` means never. |
| `HELM_DEBUG` | `true`: `diff` says on standard error how long each part took. |
| `HELM_BIN` | The helm to ask, instead of the one on PATH. |
| `KUBECTL` | The kubectl that `diff --live` asks, instead of the one on PATH. |
| `XDG_CACHE_HOME` | The servers of a rehearsal are kept in `natsvalues` below it, else below `~/.cache`. |
| `NATSVALUES_TOOLS` | The folder in which they are kept, instead. |
| `XDG_STATE_HOME` | The report of the last run is `natsvalues/last.json` below it, else below `~/.local/state`. |
"""


class Row(NamedTuple):
    """One field: its dotted path, its type, its default, and what it is for."""

    path: str
    type: str
    default: str
    meaning: str


def overlays_page() -> str:
    """The page of all overlay fields."""
    parts = [OVERLAYS_HEAD]
    for kind in (Supercluster, Region):
        parts.append(f"\n## {kind.__name__}\n\n{(kind.__doc__ or '').strip()}\n")
        rows = [Row("Field", "Type", "Default", "Meaning"), Row(*["---"] * 4), *fields(kind, "")]
        parts.append("\n" + "".join(f"| {' | '.join(row)} |\n" for row in rows))
    return "".join(parts)


def fields(kind: Any, prefix: str) -> Iterator[Row]:
    """Yield the rows of a section and of the sections in it."""
    for field in kind._fields:
        path = prefix + spelled(field)
        default = kind._field_defaults.get(field)
        required = field not in kind._field_defaults
        words, section, suffix = described(kind.__annotations__[field])
        yield Row(f"`{path}`", words, "*required*" if required else shown(default), field_doc(kind, field))
        if section is not None:
            yield from fields(section, f"{path}{suffix}.")


def described(kind: Any) -> tuple[str, Any, str]:
    """A type in words, the section inside it if there is one, and `[]` if there may be several."""
    marks: tuple[Any, ...] = ()
    if get_origin(kind) is Annotated:
        kind, *rest = get_args(kind)
        marks = tuple(rest)
    if get_origin(kind) in (Union, types.UnionType):
        kind = next(part for part in get_args(kind) if part is not type(None))
    if get_origin(kind) is Literal:
        *others, final = (f"`{choice}`" for choice in get_args(kind))
        return " or ".join([*([", ".join(others)] if others else []), final]), None, ""
    if get_origin(kind) is tuple:
        words, section, _ = described(get_args(kind)[0])
        return f"list of {words}", section, "[]"
    if get_origin(kind) is dict:
        item = get_args(kind)[1]
        return "mapping" if item is Any else f"mapping of {NAMES[item]}", None, ""
    if hasattr(kind, "_fields"):
        return "section", kind, ""
    for mark in marks:
        if isinstance(mark, Matches):
            return mark.meaning, None, ""
        if isinstance(mark, Between):
            return f"{mark.low} to {mark.high}", None, ""
    return NAMES[kind], None, ""


def shown(default: Any) -> str:
    """A default as YAML has it; nothing for what is simply left out."""
    if isinstance(default, tuple) and (hasattr(default, "_fields") or not default):
        return ""
    if isinstance(default, tuple):
        return ", ".join(f"`{item}`" for item in default)
    return "" if default is None else f"`{json.dumps(default) if isinstance(default, bool) else default}`"


def cli_page() -> str:
    """The page of all commands: their help at a fixed width."""
    os.environ.update(COLUMNS="100", TERM="dumb", NO_COLOR="1")
    parts = [CLI_HEAD]
    for words in verbs(get_command(app), ()):
        said = CliRunner().invoke(app, [*words, "--help"], prog_name="natsvalues")
        text = "\n".join(line.rstrip() for line in said.output.strip().splitlines())
        parts.append(f"\n## {' '.join(('natsvalues', *words))}\n\n```text\n{text}\n```\n")
    return "".join(parts)


def verbs(command: Any, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield a command's words, then those of the commands inside it."""
    yield words
    for name, inner in getattr(command, "commands", {}).items():
        yield from verbs(inner, (*words, name))


def pages() -> dict[str, str]:
    """The text of each page that this script writes itself, by its file name."""
    return {
        "overlays.md": overlays_page(),
        "overlay.schema.json": json.dumps(schema(), indent=2) + "\n",
        "diff.schema.json": json.dumps(diff_schema(), indent=2) + "\n",
        "plan.schema.json": json.dumps(plan_schema(), indent=2) + "\n",
        "doctor.schema.json": json.dumps(doctor_schema(), indent=2) + "\n",
        "doctor-rules.md": doctor_page(),
        "cli.md": cli_page(),
        "reload.md": reload_page(),
        "configuration.md": configuration_page(),
        "rules.md": rules_page(),
        "impacts.md": impacts_page(),
    }


def is_current(name: str, text: str) -> bool:
    """Whether a page on disk is what it should be."""
    try:
        with open(os.path.join(DOCS, name), encoding="utf-8") as stream:
            return stream.read() == text
    except FileNotFoundError:
        return False


def main(arguments: list[str]) -> int:
    """Write or check all pages; return the exit code."""
    if arguments not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 1
    written = pages()
    providers = subprocess.run([sys.executable, PROVIDER_DOCS, *arguments], check=False, capture_output=True)
    if arguments:
        stale = [name for name, text in written.items() if not is_current(name, text)]
        stale += [PROVIDER_PAGE] if providers.returncode else []
        for name in stale:
            print(f"docs/{name} is stale: run python scripts/reference_docs.py", file=sys.stderr)
        return 1 if stale else 0
    for name, text in written.items():
        with open(os.path.join(DOCS, name), "w", encoding="utf-8") as stream:
            stream.write(text)
    sys.stderr.buffer.write(providers.stderr)
    return providers.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
