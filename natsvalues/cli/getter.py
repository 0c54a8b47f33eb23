"""`natsvalues getter`: what helm runs for `-f natsvalues://REGION`. Values on standard output, as a whole.

Helm merges what a getter gives over the values files before it, and lists replace one another; so what we give must
hold the user's values already. The getter is told the address alone: the rest is read off the command line of the
helm that called it, or stands in the address.
"""

from __future__ import annotations

import os
import sys
import tempfile
from typing import Any, NamedTuple, NoReturn
from urllib.parse import parse_qsl, urlsplit

from natsvalues.cli.edge import guarded
from natsvalues.cli.helm_words import VALUES, HelmWords, sort
from natsvalues.cli.overlays_folder import overlays_folder
from natsvalues.cli.state import Run
from natsvalues.cli.values import read_files
from natsvalues.delivery.chart_values import chart
from natsvalues.delivery.values import Made, values_for
from natsvalues.delivery.values_file import places, together, written
from natsvalues.errors import EXIT_OK, NatsvaluesError, Where
from natsvalues.outside.calling import calling_helm
from natsvalues.outside.helm import values_given
from natsvalues.overlays.folder import load
from natsvalues.overlays.plan import plan
from natsvalues.text.reading import nearest
from natsvalues.text.yamltree import Tree

SCHEME = "natsvalues"
PARAMETERS = ("values", "overlays", "chart-version", "release")
REUSING = ("reuse-values", "reset-then-reuse-values")


class Address(NamedTuple):
    """`natsvalues://REGION?values=FILE&overlays=FOLDER&chart-version=VERSION&release=NAME`, taken apart.

    `values` is None where the address says nothing of them, and empty for `?values=`.
    """

    url: str
    region: str
    values: tuple[str, ...] | None = None
    overlays: str | None = None
    chart_version: str | None = None
    release: str | None = None


def run_getter(arguments: list[str]) -> int:
    """Give helm the values of a region; the last argument is the address, as helm calls getters."""
    run = Run()
    return guarded(run, lambda: _getter(arguments, run), remembered=True)


def _getter(arguments: list[str], run: Run) -> int:
    address = read_address(arguments[-1] if arguments else "")
    run.region = address.region
    run.overlays = overlays_folder(address.overlays)
    region_plan = plan(load(run.overlays), address.region)
    asked = chart(address.chart_version)
    words = _seen(address)
    if address.values is not None:
        files = read_files(address.values)
        tree = together(files)
        made = values_for(region_plan, tree.value or {}, asked, places(files), address.release)
        text = written(tree, made, files[-1].name if files else address.url)
    else:
        words = words or _unseen(address)
        asked = chart(address.chart_version or words.value("version"))
        given = values_given(_beside(words, address.url))
        made = values_for(region_plan, given, asked, places([]), address.release or _release(words))
        text = written(Tree(""), made, address.url)
    if words is not None:
        _require_all(words, address, text, made)
    sys.stdout.write(text)
    sys.stdout.flush()
    return EXIT_OK


def read_address(url: str) -> Address:
    """The address taken apart. Raises NatsvaluesError for one that is not of the form."""
    parts = urlsplit(url)
    form = "natsvalues://REGION, with ?values=FILE&overlays=FOLDER&chart-version=VERSION&release=NAME as needed"
    if parts.scheme != SCHEME or not parts.netloc or parts.path.strip("/"):
        raise NatsvaluesError("NV-V010", "not the address of a region's values", where=(Where(url),), hint=form)
    given = parse_qsl(parts.query, keep_blank_values=True)
    for name, _ in given:
        if name not in PARAMETERS:
            hint = nearest(name, PARAMETERS) or form
            raise NatsvaluesError("NV-V010", f"the address has no parameter `{name}`", where=(Where(url),), hint=hint)
    files = [text for name, text in given if name == "values"]
    single = dict(given)
    return Address(
        url,
        parts.netloc,
        tuple(file for file in files if file) if files else None,
        single.get("overlays"),
        single.get("chart-version"),
        single.get("release"),
    )


def _seen(address: Address) -> HelmWords | None:
    """What the helm that called was told; None where that cannot be seen. Raises where its words do not tell all."""
    caller = calling_helm()
    words = sort(list(caller.words)) if caller is not None else None
    if caller is None or not isinstance(words, HelmWords) or address.url not in _files(words):
        return None
    if words.has(*REUSING):
        raise NatsvaluesError(
            "NV-V011",
            "helm takes values from the release before, and they cannot be seen here",
            where=(Where(address.url),),
            hint="give all values anew: --reset-values, with your own files before this address",
        )
    os.environ["HELM_BIN"] = caller.program
    return words


def _unseen(address: Address) -> NoReturn:
    raise NatsvaluesError(
        "NV-V011",
        "the other values that helm was given cannot be seen here, and what the region needs depends on them",
        where=(Where(address.url),),
        hint=f"name them in the address: {address.url}?values=values.yaml, or ?values= if there are none",
    )


def _files(words: HelmWords) -> list[str]:
    """The values files of a command line, one by one; helm takes several in one word, too."""
    told = [item for name, item in words.options if name == "values"]
    texts = [item[1] if len(item) > 1 else item[0].partition("=")[2] or item[0].removeprefix("-f") for item in told]
    return [file for text in texts for file in text.split(",")]


def _beside(words: HelmWords, url: str, instead: str | None = None) -> list[str]:
    """The words that give helm its values, without the address, or with a file in its place."""
    found: list[str] = []
    for name, told in words.options:
        if name != "values":
            found += told if name in VALUES else ()
            continue
        for file in _files(HelmWords((), ((name, told),))):
            named = instead if file == url else file
            found += ["--values", named] if named is not None else []
    return found


def _release(words: HelmWords) -> str | None:
    """The release's name; None for a generated one."""
    verb, *names = words.positional or ("",)
    return names[0] if verb in ("install", "upgrade", "template") and len(names) > 1 else None


def _require_all(words: HelmWords, address: Address, text: str, made: Made) -> None:
    """Raise if helm would come to other values than these: by what it puts over them, or by what they do not know."""
    with tempfile.TemporaryDirectory(prefix="natsvalues-getter-") as folder:
        path = os.path.join(folder, "values.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        merged = values_given(_beside(words, address.url, path))
    lost = sorted(_lost(made.values, merged, ""))
    if lost:
        raise NatsvaluesError(
            "NV-V012",
            f"other values come after these and override {', '.join(lost)}",
            where=(Where(address.url),),
            hint="put the address behind all other -f, and take what it needs out of --set",
        )
    if merged != made.values:
        raise NatsvaluesError(
            "NV-V012",
            "helm is given values that the address does not name: what the region needs may depend on them",
            where=(Where(address.url),),
            hint="name all of them in the address (?values=FILE&values=FILE), or none: then they are read off helm",
        )


def _lost(wanted: Any, merged: Any, path: str) -> set[str]:
    if isinstance(wanted, dict) and isinstance(merged, dict):
        return {name for key in wanted for name in _lost(wanted[key], merged.get(key), f"{path}.{key}".lstrip("."))}
    return set() if wanted == merged else {path}
