"""The options of `diff`, read by hand: they are mixed with helm's own, which no command-line library knows."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal, TypeVar, get_args

from natsvalues.cli.helm_words import VALUED
from natsvalues.diff.changes import LEVELS, Level
from natsvalues.errors import NatsvaluesError
from natsvalues.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
Format = Literal["text", "json", "jsonpatch", "markdown", "html", "github"]
FORMATS: tuple[Format, ...] = get_args(Format)
Color = Literal["auto", "always", "never"]
COLORS: tuple[Color, ...] = get_args(Color)
SUFFIXES: dict[str, Format] = {
    ".json": "json",
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".txt": "text",
    ".patch": "jsonpatch",
}
"""The format of `--report FILE` by its suffix; any other suffix is text."""


class Output(NamedTuple):
    """A requested report: its format, and the file, or None for standard output."""

    format: Format
    file: str | None = None


class DiffOptions(NamedTuple):
    """The options of `diff`. `helm` are all other words: the releases to compare, and helm's own options."""

    helm: tuple[str, ...] = ()
    outputs: tuple[Output, ...] = ()
    color: Color = "auto"
    fail_on: Level | None = None
    detailed_exitcode: bool = False
    ignore: tuple[str, ...] = ()
    revision: str | None = None
    to_revision: str | None = None
    region: str | None = None
    overlays: str | None = None
    all_regions: bool = False
    context_of: tuple[str, ...] = ()
    live: bool = False
    no_post_renderer: bool = False
    allow_unreleased: bool = False
    evidence: str | None = None
    timings: bool = False
    nats_version: str | None = None
    full: bool = False


class Option(NamedTuple):
    """One option: its names, its value (empty for a flag), and its help, which is also in the reference."""

    names: tuple[str, ...]
    takes: str
    help: str


OPTIONS: dict[str, Option] = {
    "outputs": Option(
        ("-o", "--output"),
        "FORMAT[=FILE]",
        f"A report: {', '.join(FORMATS)}. Can be repeated. Without FILE: standard output. The default is text.",
    ),
    "color": Option(("--color",), "WHEN", "auto, always or never; also NATSVALUES_COLOR, NO_COLOR, HELM_COLOR."),
    "fail_on": Option(("--fail-on",), "LEVEL", f"Exit with 4 from this level on: {', '.join(LEVELS)}."),
    "detailed_exitcode": Option(("--detailed-exitcode",), "", "Exit with 2 if anything differs."),
    "ignore": Option(
        ("--ignore",), "RULE", "Ignore changes: KIND/NAME:PATH with wildcards, or `derived`. Can be repeated."
    ),
    "revision": Option(("--revision",), "N", "Compare this revision of the release …"),
    "to_revision": Option(("--to-revision",), "N", "… with this one. The default is the last."),
    "region": Option(("--region",), "REGION", "The region whose edits the new release gets; also NATSVALUES_REGION."),
    "overlays": Option(("--overlays",), "FOLDER", "Folder of the overlays; also NATSVALUES_OVERLAYS."),
    "all_regions": Option(("--all-regions",), "", "Compare all regions: two folders of REGION.yaml, or contexts."),
    "context_of": Option(
        ("--context-of",),
        "REGION=CONTEXT",
        "With --all-regions: the kube context of a region. The default is the region's name.",
    ),
    "live": Option(("--live",), "", "Also report drift: where the cluster differs from the old release. Reads only."),
    "no_post_renderer": Option(
        ("--no-post-renderer",), "", "Compare with the chart's rendering, without natsvalues' edits."
    ),
    "allow_unreleased": Option(("--allow-unreleased",), "", "If the release does not exist, compare with nothing."),
    "evidence": Option(
        ("--evidence",), "FILE", "Add the results of a rehearsal of the new release (rehearse -o json)."
    ),
    "full": Option(("--full",), "", "Show whole objects and values in the text report, not only what matters of them."),
    "nats_version": Option(
        ("--nats-version",), "VERSION", "Version of the server, if the releases are two plain nats.conf files."
    ),
    "timings": Option(("--timings",), "", "Print on standard error how long each part took; also HELM_DEBUG."),
}
_BY_NAME = {name: (field, option) for field, option in OPTIONS.items() for name in option.names}
# Options of helm-diff that have no meaning here, with the number of words that each takes.
_IGNORED = {"-C": 1, "--context": 1, "-q": 0, "--suppress-secrets": 0, "--normalize-manifests": 0, "--no-color": 0,
                "--strip-trailing-cr": 0, "--three-way-merge": 0, "-D": 1, "--find-renames": 1}  # fmt: skip


def help_text() -> str:
    """The help text: a paragraph for each option."""
    lines = [f"{', '.join(option.names)} {option.takes}".strip() + f": {option.help}" for option in OPTIONS.values()]
    return "\n\n".join(["Options, in any order with helm's own:", *lines])


def read(words: list[str]) -> DiffOptions:
    """The options in a command line. Raises NatsvaluesError (NV-D001) for a wrong one."""
    given: dict[str, list[str]] = {}
    rest: list[str] = []
    left = list(words)
    while left:
        word = left.pop(0)
        name, attached, text = word.partition("=")
        if word == "--":
            rest += [word, *left]
            break
        if name in _BY_NAME:
            field, option = _BY_NAME[name]
            given.setdefault(field, []).append(_value(name, option, text if attached else None, left))
        elif name in _IGNORED:
            if name == "--no-color":
                given.setdefault("color", []).append("never")
            del left[: _IGNORED[name] if not attached else 0]
        elif name in ("--show-secrets", "--show-secrets-decoded"):
            raise _wrong(name, "natsvalues never shows a secret", "a digest shows whether it changed")
        elif name == "--suppress" and (attached or left):
            given.setdefault("ignore", []).append(f"{text if attached else left.pop(0)}/*")
        elif name.startswith("--") and name[2:] in VALUED and not attached and left:
            rest += [word, left.pop(0)]  # `--post-renderer-args --region=us-east`: the value is not an option of diff
        else:
            rest.append(word)
    return _options(given, rest)


def _value(name: str, option: Option, attached: str | None, left: list[str]) -> str:
    if not option.takes:
        if attached is not None and attached not in ("true", "false"):
            raise _wrong(name, f"takes no value, and has `{attached}`", f"write {name} alone")
        return attached or "true"
    if name == "--color" and attached is None and (not left or left[0] not in COLORS):
        return "always"  # as in helm-diff
    if attached is None:
        if not left or (left[0].startswith("-") and left[0] != "-"):
            raise _wrong(name, "needs a value", f"{name} {option.takes}: {option.help}")
        attached = left.pop(0)
    if not attached:
        raise _wrong(name, "needs a value", f"{name} {option.takes}: {option.help}")
    return attached


def _options(given: dict[str, list[str]], rest: list[str]) -> DiffOptions:
    flags = {field for field, option in OPTIONS.items() if not option.takes}
    fields: dict[str, object] = {field: texts[-1] == "true" for field, texts in given.items() if field in flags}
    for field in ("revision", "to_revision", "region", "overlays", "evidence", "nats_version"):
        if field in given:
            fields[field] = given[field][-1]
    for field in ("revision", "to_revision"):
        if field in given and not given[field][-1].isdigit():
            raise _wrong(
                OPTIONS[field].names[0], f"`{given[field][-1]}` is not a revision", "use a number from helm history"
            )
    for field in ("ignore", "context_of"):
        fields[field] = tuple(given.get(field, ()))
    fields["outputs"] = tuple(output(text) for text in given.get("outputs", ()))
    if "fail_on" in given:
        fields["fail_on"] = _choice("--fail-on", given["fail_on"][-1], LEVELS)
    if "color" in given:
        fields["color"] = _choice("--color", given["color"][-1], COLORS)
    options = DiffOptions(helm=tuple(rest), **fields)  # type: ignore[arg-type]  # each checked above
    _one_for_standard_output(options)
    return options._replace(region=options.region or os.environ.get("NATSVALUES_REGION") or None)


def output(text: str) -> Output:
    """Read `FORMAT[=FILE]`."""
    name, _, file = text.partition("=")
    return Output(_choice("--output", name, FORMATS), file or None)


def _one_for_standard_output(options: DiffOptions) -> None:
    unnamed = [item for item in options.outputs if item.file in (None, "-")]
    if len(unnamed) > 1:
        raise _wrong(
            "--output", "only one report can go to standard output", "write the others to files: -o json=diff.json"
        )


def _choice(name: str, text: str, allowed: tuple[T, ...]) -> T:
    if text not in allowed:
        raise _wrong(name, f"`{text}` is not one of {', '.join(map(str, allowed))}", "")
    return next(item for item in allowed if item == text)


def _wrong(name: str, message: str, hint: str) -> NatsvaluesError:
    return NatsvaluesError("NV-D001", f"{name}: {message}", hint=hint or "natsvalues diff --help lists the options")


def colored(choice: Color, environment: dict[str, str], is_terminal: Callable[[], bool]) -> bool:
    """Whether to use colour: as the option or NATSVALUES_COLOR, NO_COLOR, HELM_COLOR say, else only on a terminal."""
    if choice == "auto":
        for name in ("NATSVALUES_COLOR", "HELM_COLOR", "HELM_DIFF_COLOR"):
            setting = environment.get(name, "").lower()
            if name != "NATSVALUES_COLOR" and environment.get("NO_COLOR"):
                return False
            if setting in ("always", "true", "1", "yes"):
                return True
            if setting in ("never", "false", "0", "no"):
                return False
        return not environment.get("NO_COLOR") and environment.get("TERM") != "dumb" and is_terminal()
    return choice == "always"
