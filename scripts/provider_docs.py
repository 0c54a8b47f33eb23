"""Write docs/providers.md from the provider profiles.

`python scripts/provider_docs.py` writes the page; with `--check` it writes nothing and fails (exit code 1)
when the page is not what the profiles give.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import yaml

from natsvalues.providers import Inputs, Profile, load, names, shape
from natsvalues.providers.load_balancer import LoadBalancer
from natsvalues.providers.meanings import MEANS
from natsvalues.providers.profile import FIELDS, FOLDER, read_text
from natsvalues.text.reading import spelled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from natsvalues.providers.profile import Input

PAGE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "docs", "providers.md")
BETA = "service.beta.kubernetes.io/"
HOST = "gw-eu.example.com"
HEAD = """\
# Load balancer providers

<!-- Written by scripts/provider_docs.py from natsvalues/providers/*.yaml: change those. -->

`loadBalancer.provider` in an overlay names a profile: what a region's gateway Service needs so that this
provider's load balancer forwards to it, also while no server is ready yet. What a profile cannot express is
an error or a warning, never dropped.

Common to all: a Service of its own for the gateway with `publishNotReadyAddresses: true`, no `appProtocol`,
never the PROXY protocol, never TLS at the load balancer. Your own `annotations` and `labels` win over the
profile's, unless they would break the gateway. A load balancer that is reachable from outside and has no
`sourceRanges` is a warning.

**Nothing here was run against a cloud.** *Verified* says what was read: `source`: every key, in the
provider's source or manual; `partly`: some; `unverified`: taken over from a close relative, or never tried.
*Monitor check* says whether the load balancer can ask NATS itself (`/healthz` on the monitor port).

To add a provider, add one file beside the others: `natsvalues/providers/profile.py` has the format, and
`natsvalues/providers/meanings.py` the part that states what annotations mean.
"""
MEANINGS_HEAD = """
## What annotations mean

`lint`, `diff` and `rehearse` know these annotations, whoever wrote them. `diff` reports a change of the
load balancer's address, network or identity as an outage, and judges who may connect and what is checked.
`{port}` is a port of the Service.
"""
ON_MONITOR = {"always": "yes", "optional": "on request", "never": "no"}


def page() -> str:
    """Return the whole page."""
    profiles = [load(name) for name in names()]
    rows = [
        (
            f"[`{profile.id}`](#{profile.id})",
            profile.title,
            ", ".join(" or ".join(f"`{name}`" for name in part.any_of) for part in profile.requires) or "none",
            ON_MONITOR[profile.health.on_monitor] if profile.health else "",
            profile.verified,
        )
        for profile in profiles
    ]
    head = ("Provider", "For", "Required", "Monitor check", "Verified")
    parts = [HEAD, table(head, rows), *("\n".join(section(profile)) for profile in profiles)]
    parts += [MEANINGS_HEAD, *("\n".join(meanings(family)) for family in families())]
    return "\n".join(parts).rstrip("\n") + "\n"


def section(profile: Profile) -> Iterator[str]:
    """Yield the lines of one provider."""
    yield f"\n## {profile.id}\n"
    yield f"{profile.title}.{' **Experimental.**' if profile.experimental else ''}\n"
    if profile.health:
        yield f"Health check: {profile.health.how}\n"
    for part in profile.requires:
        yield f"- Required: {' or '.join(f'`{name}`' for name in part.any_of)}: {part.why}."
    if profile.requires:
        yield ""
    fields = {name: profile.inputs[name] for name in FIELDS if name in profile.inputs}
    options = {f"options.{name}": option for name, option in profile.options.items()}
    rows = [(f"`{name}`", described(taken)) for name, taken in {**fields, **options}.items()]
    yield table(("`loadBalancer.`", "Meaning"), rows)
    refused = [f"`{name}`" for name in FIELDS if name not in fields]
    if refused:
        yield f"Not taken, an error when given: {', '.join(refused)}.\n"
    yield from example(profile)
    for caveat in profile.caveats:
        yield f"- {caveat}"
    yield f"\nVerified: {profile.verified}. Read: {'; '.join(profile.sources)}."


def example(profile: Profile) -> Iterator[str]:
    """Yield an overlay and what becomes of it."""
    balancer = profile.example or LoadBalancer()
    port = 443 if profile.object == "Route" else 7222
    result = shape(profile, Inputs(balancer, HOST, port, tls=True))
    inputs: dict[str, Any] = {"provider": profile.id}
    inputs |= {spelled(name): plain(value) for name, value in balancer._asdict().items() if value}
    spec = {**result.spec, **({"ports": list(result.ports)} if result.ports else {})}
    metadata = {"annotations": result.annotations, "labels": result.labels}
    rendered = {"metadata": {key: value for key, value in metadata.items() if value}, "spec": spec}
    yield f"Example, for `gateway: {{host: {HOST}, port: {port}}}` with TLS:\n"
    yield f"```yaml\n{dumped({'loadBalancer': inputs})}```\n"
    yield f"This adds to the {'Route' if profile.object == 'Route' else 'gateway Service'}:\n"
    yield f"```yaml\n{dumped({key: value for key, value in rendered.items() if value})}```\n"
    for warning in result.warnings:
        yield f"Warning given: {warning}.\n"


def families() -> list[Profile]:
    """Return what each file with meanings says, without what it extends."""
    found = []
    for name in sorted(os.listdir(FOLDER), key=lambda file: file.lstrip("_")):
        if name.endswith(".yaml"):
            path = os.path.join(FOLDER, name)
            with open(path, encoding="utf-8") as stream:
                found.append(read_text(path, stream.read())[0])
    return [profile for profile in found if profile.meanings]


def meanings(profile: Profile) -> Iterator[str]:
    """Yield the table of one file: the annotations by their meaning, without the beginning that most share."""
    shared = beginning(list(profile.meanings))
    stated: dict[str, list[str]] = {words: [] for words in MEANS.values()}
    for key, meaning in profile.meanings.items():
        name = f"`{key.replace(shared, '…', 1) if shared else key}`"
        for setting, attribute in meaning.attributes.items():
            stated[MEANS[attribute.means]].append(f"`{setting}` in {name}")
        if meaning.means != "none" or not meaning.attributes:
            stated[MEANS[meaning.means]].append(name)
    yield f"### Annotations: {profile.id.lstrip('_')}\n"
    if shared:
        yield f"`…` is `{shared}`.\n"
    yield table(("Meaning", "Annotations"), [(words, ", ".join(names_)) for words, names_ in stated.items() if names_])
    for old, new in profile.spellings.items():
        yield f"`{old}` in place of `{new}` means the same.\n"


def beginning(keys: list[str]) -> str:
    """Return what the keys of the largest group begin with, up to a `/` or `-`; nothing for few keys."""
    groups: dict[str, list[str]] = {}
    for key in keys:
        groups.setdefault("-".join(key.split("-")[:2]) if key.startswith(BETA) else key.split("/")[0], []).append(key)
    largest = max(groups.values(), key=len)
    common = os.path.commonprefix(largest)  # noqa: RUF071   # of texts, not of paths
    return common[: max(common.rfind("/"), common.rfind("-")) + 1] if len(largest) > 2 else ""


def described(taken: Input) -> str:
    """Return an input's words, with the values it may have."""
    text = taken.doc
    if taken.one_of:
        text += f" One of {', '.join(f'`{value}`' for value in taken.one_of)}."
    if taken.low is not None:
        text += f" At least {taken.low}{f', at most {taken.high}' if taken.high is not None else ''}."
    if taken.most is not None:
        text += f" At most {taken.most}."
    if taken.default and taken.one_of != (taken.default,):
        text += f" Default `{taken.default}`."
    return text


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a Markdown table."""
    return "".join(f"| {' | '.join(line)} |\n" for line in (head, tuple("---" for _ in head), *rows))


def plain(value: Any) -> Any:
    """Return a value as YAML writes it."""
    return list(value) if isinstance(value, tuple) else value


def dumped(value: Any) -> str:
    """Return a value as YAML text."""
    return yaml.safe_dump(value, sort_keys=False, width=1000)


def main(arguments: list[str]) -> int:
    """Write or check the page; return the exit code."""
    text = page()
    if arguments == ["--check"]:
        try:
            with open(PAGE, encoding="utf-8") as stream:
                current = stream.read()
        except FileNotFoundError:
            current = ""
        if current == text:
            return 0
        print("docs/providers.md is stale: run python scripts/provider_docs.py", file=sys.stderr)
        return 1
    if arguments:
        print(__doc__, file=sys.stderr)
        return 1
    with open(PAGE, "w", encoding="utf-8") as stream:
        stream.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
