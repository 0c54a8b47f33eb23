"""Run helm: HELM_BIN (helm sets it for its plugins), else `helm` on PATH."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import tempfile
from typing import TYPE_CHECKING, Any

from natsvalues.errors import NatsvaluesError
from natsvalues.files import listed
from natsvalues.outside.commands import absent, json_of, patience, run, strange
from natsvalues.records import NamedTuple
from natsvalues.text.secrets import HIDDEN, without_formats

if TYPE_CHECKING:
    from collections.abc import Iterator

NOT_FOUND = "release: not found"
# What helm prints before a rendering when it has fetched a chart from a registry (helm-diff issue 1040).
_PULLED = re.compile(r"\A(?:(?:Pulled|Digest): .*\n)+")
_STACK = re.compile(r"helm\.go:\d+: ")
_GIVEN = ("--set", "--set-string", "--set-json", "--set-literal", "--password", "--kube-token")
_TELLING = 4
"""Values shorter than this many characters are not hidden: the message would become unreadable."""
_FIELDS = [
    ".Name",
    ".Namespace",
    ".Version",
    ".Info.Status",
    ".Chart.Metadata.Name",
    ".Chart.Metadata.Version",
    ".Chart.Metadata.AppVersion",
    ".Manifest",
]


class HelmRelease(NamedTuple):
    """One revision as helm prints it; hooks are pairs of template and document."""

    name: str
    namespace: str
    revision: int
    status: str
    chart: str
    app_version: str
    manifest: str
    hooks: tuple[tuple[str, str], ...]


def helm(*arguments: str, stdin: str | None = None) -> str:
    """Run helm and return its standard output. Raises NatsvaluesError with helm's own message."""
    program = os.environ.get("HELM_BIN") or "helm"
    seconds = patience()
    try:
        done = run([program, *arguments], seconds=seconds, stdin=stdin)
    except FileNotFoundError:
        raise absent(program, "NV-H001", "install helm, or set HELM_BIN") from None
    except TimeoutError:
        raise NatsvaluesError(
            "NV-H002",
            f"`helm {arguments[0]}` did not answer within {seconds:g} s",
            hint="check the cluster's address; NATSVALUES_HELM_SECONDS gives it more time",
        ) from None
    if done.code:
        message = _of_post_renderer(done.err) or _without_values(_words(done.err), arguments)
        raise NatsvaluesError("NV-H003", f"`helm {' '.join(arguments[:2])}` failed: {message}", hint=_hint(done.err))
    return done.out


def _json(*arguments: str) -> Any:
    """What helm prints as JSON. Raises NatsvaluesError."""
    return json_of(helm(*arguments), f"helm {arguments[0]}")


def _words(output: str) -> str:
    """Helm's own error, without the warnings before it, and without the stack that HELM_DEBUG puts behind it."""
    lines = [line for line in output.strip().splitlines() if line.strip()]
    start = next((index for index, line in enumerate(lines) if line.startswith("Error:")), max(len(lines) - 1, 0))
    end = next((index for index, line in enumerate(lines) if index > start and _STACK.match(line)), len(lines))
    return "\n".join(lines[start:end]) or "no reason given"


def _of_post_renderer(output: str) -> str:
    """What natsvalues itself said as helm's post-renderer, without helm's words around it; "" if it said nothing.

    facts (3.19.0 and 4.3.1): Helm 3 quotes it, and then has the exit status; under Helm 4 it stands before `Error:`.
    """
    said = re.search(r"^error\[NV-.*?(?=^(?:Error|: exit status)|\Z)", output, re.DOTALL | re.MULTILINE)
    return f"its post-renderer refuses\n{without_formats(said[0].strip())}" if said else ""


def _without_values(message: str, arguments: tuple[str, ...]) -> str:
    """Helm's message without the values it was given: it quotes the parts of a password that has a comma."""
    if "failed parsing --set" in message:
        message = re.sub(r'"[^"]*"', f'"{HIDDEN}"', message)
    for option, following in zip(arguments, (*arguments[1:], ""), strict=True):
        name, attached, text = option.partition("=")
        if name in _GIVEN:
            for piece in (text if attached else following).split(","):
                value = piece.rpartition("=")[2].strip(" {}[]\"'")
                if len(value) >= _TELLING:
                    message = message.replace(value, HIDDEN)
    from natsvalues.text.messages import message_without_secrets  # for a failure only

    return message_without_secrets(message)


def _hint(message: str) -> str:
    """What to do about common failures."""
    if _of_post_renderer(message):
        return ""  # it has its own
    if 'plugin "natsvalues" exited' in message:
        return "`natsvalues last` has the reason, which Helm 4 hides"
    if "forbidden" in message and "secrets" in message:
        return (
            "helm stores releases in Secrets, which you may not read: request `get` and `list` on Secrets\n"
            "of the namespace, or compare with an exported Secret (kubectl get secret -o yaml)"
        )
    if "context" in message and "does not exist" in message:
        return "`kubectl config get-contexts` lists the available contexts"
    if "unreachable" in message or "connect" in message:
        return "check the kubeconfig and the cluster; files can be compared without one: natsvalues diff OLD NEW"
    return ""


def history(name: str, options: list[str]) -> list[tuple[int, str]]:
    """The revisions that Helm keeps of a release, with their statuses, from the oldest to the newest."""
    revisions = _json("history", name, "--output", "json", *options)
    try:
        return [(int(item["revision"]), str(item["status"])) for item in revisions]
    except (TypeError, ValueError, KeyError):
        raise strange("helm history", "a list of revisions is expected") from None


def reference(release: str, namespace: str | None = None) -> tuple[str, list[str]]:
    """Name and helm's options for `[NAMESPACE/]NAME[@REVISION]`."""
    place, _, revision = release.partition("@")
    stated, _, name = place.rpartition("/")
    namespace = stated or namespace
    options = ["--revision", revision] if revision else []
    return name, options + (["--namespace", namespace] if namespace else [])


def release_of(name: str, options: list[str]) -> HelmRelease | None:
    """A release as it is stored, hooks included, with one call; None if there is none of that name.

    facts: `helm get all --template` is given the release object (run with Helm 3.19 and 4.3).
    """
    mark = f"<{secrets.token_hex(16)}>"  # nothing in a manifest can look like it
    fields = mark.join(f"{{{{{'.Release' + field}}}}}" for field in _FIELDS)
    hooks = f"{{{{range .Release.Hooks}}}}{mark}{{{{.Path}}}}{mark}{{{{.Manifest}}}}{{{{end}}}}"
    try:
        output = helm("get", "all", name, *options, "--template", fields + hooks)
    except NatsvaluesError as error:
        if NOT_FOUND in error.message:
            return None
        raise
    parts = output.split(mark)
    head, rest = parts[: len(_FIELDS)], parts[len(_FIELDS) :]
    if len(head) != len(_FIELDS) or len(rest) % 2 or not head[2].isdigit():
        raise strange("helm get all", "the fields of its template are expected")
    name, namespace, revision, status, chart, version, app_version, manifest = head
    pairs = tuple(zip(rest[::2], rest[1::2], strict=True))
    return HelmRelease(name, namespace, int(revision), status, f"{chart}-{version}", app_version, manifest, pairs)


def values_of(name: str, options: list[str], *, with_defaults: bool = False) -> dict[str, Any]:
    """The values that the user gave for a release, or those it was rendered with."""
    more = ["--all"] if with_defaults else []
    values = _json("get", "values", name, *options, *more, "--output", "json")
    return values if isinstance(values, dict) else {}


def applies_on_server(name: str, options: list[str]) -> bool:
    """Whether the next upgrade uses server-side apply, as the last revision did.

    facts: run. Helm 4 stores the apply method with each revision; Helm 3 has only one, and does not report it.
    """
    metadata = _json("get", "metadata", name, *options, "--output", "json")
    return isinstance(metadata, dict) and metadata.get("applyMethod") == "ssa"


def defaults_of(chart: str, options: list[str]) -> str:
    """The text of a chart's own values.yaml."""
    return _PULLED.sub("", helm("show", "values", chart, *options))


@contextlib.contextmanager
def fetched(chart: str, options: list[str]) -> Iterator[str]:
    """The path of a chart: of one on this machine, or of a copy that helm fetches and that is there for the block.

    facts: helm takes what exists as a path for a chart on this machine, and fetches any other anew for each rendering.
    """
    if os.path.exists(chart):
        yield chart
        return
    with tempfile.TemporaryDirectory(prefix="natsvalues-chart-") as folder:
        helm("pull", chart, "--destination", folder, *options)
        packages = listed(folder, (".tgz",))
        if not packages:
            raise strange("helm pull", "a package of the chart is expected")
        yield os.path.join(folder, packages[0])


_PROBE = {
    "Chart.yaml": "apiVersion: v2\nname: values\nversion: 0.0.1\n",
    os.path.join("templates", "values.yaml"): "values: {{ .Values | toJson }}\n",
}


@contextlib.contextmanager
def chart_of_values() -> Iterator[str]:
    """The folder of a chart that prints the values it is given; it is removed at the end of the `with` block."""
    with tempfile.TemporaryDirectory(prefix="natsvalues-values-") as folder:
        os.mkdir(os.path.join(folder, "templates"))
        for name, text in _PROBE.items():
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(text)
        yield folder


def values_given(options: list[str], stdin: str | None = None) -> dict[str, Any]:
    """The user's values as helm itself merges `--values` and `--set…`: rendered with a chart that prints them."""
    with chart_of_values() as folder:
        output = helm("template", "values", folder, *options, stdin=stdin)
    values = json_of(output.partition("values: ")[2], "helm template")
    return values if isinstance(values, dict) else {}


def rendering(release: str, chart: str, options: list[str], stdin: str | None = None) -> str:
    """What helm renders for an upgrade of a release, without access to the cluster."""
    return templated(release, chart, "--is-upgrade", *options, stdin=stdin)


def templated(release: str, chart: str, *options: str, stdin: str | None = None) -> str:
    """What `helm template` renders, without helm's messages about fetching the chart."""
    return _PULLED.sub("", helm("template", release, chart, *options, stdin=stdin))
