"""`natsvalues getter`: what helm runs for `-f natsvalues://REGION`. It prints values for the whole release.

Helm merges what a getter prints over the values files before it, and lists replace one another; so the user's values
must be in it. Helm gives a getter the address alone: the chart and the other values are read off the command line of
the helm that called it, or the address has them.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

from natsvalues.cli.edge import guarded
from natsvalues.cli.helm_command import helm_command
from natsvalues.cli.helm_words import CHART, VALUES, HelmWords, attached_value
from natsvalues.cli.overlays_folder import overlays_folder
from natsvalues.cli.state import Run
from natsvalues.cli.streams import write_output
from natsvalues.cli.values import read_files
from natsvalues.cli.values_chart import no_chart, renderer
from natsvalues.delivery.names import ANY_NAMESPACE
from natsvalues.delivery.values import region_values
from natsvalues.delivery.values_file import merged, places
from natsvalues.errors import EXIT_OK, NatsvaluesError, Where
from natsvalues.outside.helm import fetched, values_given
from natsvalues.overlays.folder import load
from natsvalues.overlays.plan import plan
from natsvalues.records import NamedTuple
from natsvalues.text.reading import nearest
from natsvalues.text.yamlwrite import block

SCHEME = "natsvalues"
PARAMETERS = ("values", "overlays", "chart", "chart-version", "release")
FORM = "natsvalues://REGION, with ?values=FILE&chart=CHART&chart-version=VERSION&overlays=FOLDER&release=NAME as needed"
REUSING = ("reuse-values", "reset-then-reuse-values")
INSTALLING = ("install", "upgrade", "template")
RENDERING = ("api-versions", "is-upgrade", "kube-version", "namespace")
"""Helm's options, apart from the chart and the values, that decide what is rendered."""


class Address(NamedTuple):
    """`natsvalues://REGION?values=FILE&chart=CHART&…`, taken apart.

    `values` is None where the address does not have the parameter, and empty for `?values=`.
    """

    url: str
    region: str
    values: tuple[str, ...] | None = None
    overlays: str | None = None
    chart: str | None = None
    chart_version: str | None = None
    release: str | None = None

    def with_parameter(self, text: str) -> str:
        """The address with one more parameter."""
        return f"{self.url}{'&' if '?' in self.url else '?'}{text}"


class Chart(NamedTuple):
    """The chart by helm's words: its name, the options to fetch it, and those to render it."""

    name: str
    fetching: list[str]
    rendering: list[str]


def run_getter(arguments: list[str]) -> int:
    """Print the values of a region; the last argument is the address, as helm calls getters."""
    run = Run()
    return guarded(run, lambda: _getter(arguments, run), remembered=True)


def _getter(arguments: list[str], run: Run) -> int:
    address = read_address(arguments[-1] if arguments else "")
    run.region = address.region
    run.overlays = overlays_folder(address.overlays)
    region_plan = plan(load(run.overlays), address.region)
    words = _helm_command(address)
    files = read_files(address.values or ())
    given = merged(files).value or {} if address.values is not None else _values_of_command(words, address)
    chart = _chart(words, address)
    release = address.release or (_release(words) if words is not None else None)
    with fetched(chart.name, chart.fetching) as path:
        region = region_values(region_plan, given, renderer(path, chart.rendering), places(files), release)
    text = "\n".join(block(region.values)) + "\n"
    if words is not None:
        _require_all(words, address, text, region.values)
    write_output(text)
    return EXIT_OK


def read_address(url: str) -> Address:
    """The address taken apart. Raises NatsvaluesError for one that is not of the form."""
    parts = urlsplit(url)
    if parts.scheme != SCHEME or not parts.netloc or parts.path.strip("/"):
        raise NatsvaluesError("NV-V010", "not the address of a region's values", where=(Where(url),), hint=FORM)
    given = parse_qsl(parts.query, keep_blank_values=True)
    for name, _ in given:
        if name not in PARAMETERS:
            hint = nearest(name, PARAMETERS) or FORM
            raise NatsvaluesError("NV-V010", f"the address has no parameter `{name}`", where=(Where(url),), hint=hint)
    files = [text for name, text in given if name == "values"]
    single = dict(given)
    return Address(
        url,
        parts.netloc,
        tuple(file for file in files if file) if files else None,
        single.get("overlays"),
        single.get("chart"),
        single.get("chart-version"),
        single.get("release"),
    )


def _helm_command(address: Address) -> HelmWords | None:
    """The command line of the helm that called; None where it cannot be read.

    Raises NatsvaluesError where helm takes values from elsewhere, too.
    """
    command = helm_command()
    if command is None or address.url not in _files(command.words):
        return None
    words = command.words
    if words.has(*REUSING):
        raise NatsvaluesError(
            "NV-V011",
            "helm takes values from the release before, and they cannot be read here",
            where=(Where(address.url),),
            hint="give all values again: --reset-values, with your own files before this address",
        )
    return words


def _values_of_command(words: HelmWords | None, address: Address) -> dict[str, Any]:
    """The values that helm was given beside the address."""
    if words is None:
        raise NatsvaluesError(
            "NV-V011",
            "helm's command line cannot be read here, and what the region needs depends on the chart and all values",
            where=(Where(address.url),),
            hint=f"name them in the address: {_example(address)}\n?values= stands for no values",
        )
    return values_given(_beside(words, address.url))


def _example(address: Address) -> str:
    """The address with all that is needed where helm's command line cannot be read."""
    full = address if address.values is not None else address._replace(url=address.with_parameter("values=values.yaml"))
    return full.url if address.chart else full.with_parameter("chart=nats/nats")


def _chart(words: HelmWords | None, address: Address) -> Chart:
    """The chart that the address names, else that of helm's command line."""
    rendering = words.words(*RENDERING) if words is not None else ["--namespace", ANY_NAMESPACE]
    version = ["--version", address.chart_version] if address.chart_version else []
    if address.chart:
        return Chart(address.chart, version, rendering)
    verb, *names = words.positional if words is not None else ("",)
    if words is None or verb not in (*INSTALLING, "lint") or not names:
        raise no_chart(f"name it in the address: {_example(address)}", Where(address.url))
    return Chart(names[-1], [*words.words(*CHART), *version], rendering)


def _files(words: HelmWords) -> list[str]:
    """The values files of a command line, one by one; helm takes several in one word, too."""
    options = [option for name, option in words.options if name == "values"]
    texts = [option[1] if len(option) > 1 else attached_value(option[0]) for option in options]
    return [file for text in texts for file in text.split(",")]


def _beside(words: HelmWords, url: str, replacement: str | None = None) -> list[str]:
    """The words that give helm its values, without the address, or with a file in its place."""
    beside: list[str] = []
    for name, option in words.options:
        if name != "values":
            beside += option if name in VALUES else ()
            continue
        for file in _files(HelmWords((), ((name, option),))):
            given = replacement if file == url else file
            beside += ["--values", given] if given is not None else []
    return beside


def _release(words: HelmWords) -> str | None:
    """The release's name; None for a generated one."""
    verb, *names = words.positional or ("",)
    return names[0] if verb in INSTALLING and len(names) > 1 else None


def _require_all(words: HelmWords, address: Address, text: str, values: dict[str, Any]) -> None:
    """Raise if helm would end with other values than these: by values that override them, or that they do not have."""
    merged_values = values_given(_beside(words, address.url, "-"), text)
    lost = sorted(_lost(values, merged_values, ""))
    if lost:
        raise NatsvaluesError(
            "NV-V012",
            f"other values come after these and override {', '.join(lost)}",
            where=(Where(address.url),),
            hint="put the address after all other -f, and remove these keys from --set",
        )
    if merged_values != values:
        raise NatsvaluesError(
            "NV-V012",
            "helm is given values that the address does not name: what the region needs may depend on them",
            where=(Where(address.url),),
            hint="name all of them in the address (?values=FILE&values=FILE), or none: then helm's words are read",
        )


def _lost(wanted: Any, merged: Any, path: str) -> set[str]:
    if isinstance(wanted, dict) and isinstance(merged, dict):
        return {name for key in wanted for name in _lost(wanted[key], merged.get(key), f"{path}.{key}".lstrip("."))}
    return set() if wanted == merged else {path}
