"""A provider's file: the inputs that it accepts, and the rules that turn them into a Service or a Route.

A file is `<id>.yaml` in this folder. One that starts with `_` is not a profile, only a part that others extend.
Texts are templates: `{addresses}` is replaced by the fact of that name. An annotation, label, spec field or
port field whose text names a fact that is not set is left out, so most rules need no `when`. A rule applies
only if all its conditions are true; a later rule overrides an earlier one. Facts and conditions:

- the overlay's fields, lists separated by commas: scheme, class, sourceRanges, addresses, subnets, annotations
  (the keys), labels (the keys), externalTrafficPolicy; `options.NAME`; `annotations.KEY`, one annotation
- `addresses.count`, `subnets.count`; `subnets.1` and `subnets.2`, single ones
- host, `host_is` (`name` or `address`), port, tls (`true` or `false`), health_path, health_port,
  health_protocol (`http` or `https`)
- a condition is `given`, `absent`, `TEXT` (equal), `not TEXT` (unequal), or `lacks TEXT` (given without it)

The file also states what the annotations mean to the provider: `meanings.py` has that part of the format.
"""

import os
import re
from typing import Annotated, Any, Literal

from natsvalues.errors import NatsvaluesError, raise_all
from natsvalues.providers.load_balancer import LoadBalancer
from natsvalues.providers.meanings import CheckFacts, Claim, Meaning
from natsvalues.records import NamedTuple
from natsvalues.text.reading import Doc, Path, Reading, nearest
from natsvalues.text.yamltree import Tree, YamlSyntaxError, at

FIELDS = ("scheme", "class", "sourceRanges", "addresses", "subnets", "externalTrafficPolicy")
"""The overlay fields that a provider may accept or not; every provider accepts the others, such as labels."""

SPEC_FIELDS = {
    "class": "loadBalancerClass",
    "externalTrafficPolicy": "externalTrafficPolicy",
    "sourceRanges": "loadBalancerSourceRanges",
}
"""Fields that are written to the spec of every LoadBalancer Service, whatever the provider does with them."""

_FACTS = frozenset(FIELDS) | {
    *("addresses.count", "subnets.count", "subnets.1", "subnets.2", "annotations", "labels"),
    *("host", "host_is", "port", "tls", "health_path", "health_port", "health_protocol"),
}
_NONE: dict[str, Any] = {}
_PLACEHOLDER = re.compile(r'\{([^{}"]*)\}')
FOLDER = os.path.dirname(os.path.abspath(__file__))
"""Where the files are."""


class Input(NamedTuple):
    """One field or option that a provider accepts."""

    doc: Annotated[str, Doc("What it is for, and the provider's name for it.")]
    default: Annotated[str, Doc("Its value if it is not set.")] = ""
    one_of: Annotated[tuple[str, ...], Doc("The allowed values.")] = ()
    low: Annotated[int | None, Doc("The minimum, a whole number.")] = None
    high: Annotated[int | None, Doc("The maximum, a whole number.")] = None
    most: Annotated[int | None, Doc("The maximum number of values in a list.")] = None
    restricts: Annotated[bool, Doc("It limits who may connect, as sourceRanges does.")] = False


class Requirement(NamedTuple):
    """One of these must be set."""

    any_of: Annotated[tuple[str, ...], Doc("Fields, or `options.NAME`.")]
    why: Annotated[str, Doc("The reason, as a clause that follows a colon.")]


class Health(NamedTuple):
    """Whether the load balancer can check NATS itself."""

    on_monitor: Annotated[Literal["always", "optional", "never"], Doc("Whether it checks the monitor port (8222).")]
    how: Annotated[str, Doc("What is checked, and what else is possible.")]


class Port(NamedTuple):
    """An additional port of the Service. Every text is a template; numbers are rendered as numbers."""

    name: str
    port: str
    target_port: str
    node_port: str = ""


class Rule(NamedTuple):
    """What to render, refuse or warn of if all conditions are true."""

    when: Annotated[dict[str, str], Doc("Conditions by fact.")] = _NONE
    annotations: dict[str, str] = _NONE
    labels: dict[str, str] = _NONE
    spec: dict[str, Any] = _NONE
    ports: tuple[Port, ...] = ()
    error: str = ""
    warning: str = ""


class Profile(NamedTuple):
    """One provider. `extends` puts another file's lists before and tables under this one's."""

    id: Annotated[str, Doc("The name of the file, and of the provider in an overlay.")]
    title: Annotated[str, Doc("The provider in words.")]
    verified: Annotated[
        Literal["source", "partly", "unverified"],
        Doc("`source`: every key was read in the provider's source or manual. Nothing was run on a cloud."),
    ]
    extends: str = ""
    object: Literal["Service", "Route"] = "Service"
    experimental: bool = False
    sources: Annotated[tuple[str, ...], Doc("What was read.")] = ()
    caveats: Annotated[tuple[str, ...], Doc("What a platform engineer must know.")] = ()
    health: Health | None = None
    requires: tuple[Requirement, ...] = ()
    inputs: Annotated[dict[str, Input], Doc("The overlay's fields that it accepts.")] = _NONE
    options: Annotated[dict[str, Input], Doc("Its own inputs, `loadBalancer.options`.")] = _NONE
    rules: tuple[Rule, ...] = ()
    meanings: Annotated[dict[str, Meaning], Doc("What each annotation means, by its key.")] = _NONE
    spellings: Annotated[dict[str, str], Doc("Beginnings of keys, and those that mean the same.")] = _NONE
    claims: Annotated[tuple[Claim, ...], Doc("How a Service for this controller is recognised.")] = ()
    check: Annotated[CheckFacts | None, Doc("How the health check of these annotations is run.")] = None
    example: Annotated[LoadBalancer | None, Doc("A typical region.")] = None


def names(folder: str = "") -> list[str]:
    """Return the ids of all profiles, sorted."""
    files = sorted(os.listdir(folder or FOLDER))
    return [name[: -len(".yaml")] for name in files if name.endswith(".yaml") and not name.startswith("_")]


def load(provider: str, folder: str = "") -> Profile:
    """Return the profile of that id, with what it extends.

    Raises NV-O020 for an id without a file, NV-O021 for mistakes in a file (file, line and field named).
    """
    known = names(folder)
    if provider not in known:
        hint = nearest(provider, known) or "`generic` uses your own annotations; known: " + ", ".join(known)
        raise NatsvaluesError("NV-O020", f"there is no load balancer provider `{provider}`", hint=hint)
    return _load(provider, folder or FOLDER, ())


def placeholders(template: str) -> list[str]:
    """Return the facts a template names."""
    return _PLACEHOLDER.findall(template)


def filled(template: str, facts: dict[str, str]) -> str:
    """Put the facts into the template; `nothing` for one that is not set."""
    return _PLACEHOLDER.sub(lambda match: facts.get(match.group(1)) or "nothing", template)


def template_of(key: str) -> str:
    """An annotation's key as a rule has it, as `meanings` spell it: `{health_port}` is `{port}`, too."""
    return _PLACEHOLDER.sub("{port}", key)


def read_text(file: str, text: str) -> tuple[Profile, Reading]:
    """Return the content of one file, without what it extends.

    Raises NV-O021 for mistakes in the file.
    """
    try:
        reading = Reading(Tree(text), file, "NV-O021")
    except YamlSyntaxError as error:
        raise at(file, 1, error) from None
    own = reading.read(Profile)
    if own is None:
        raise_all(reading.errors)
        raise AssertionError  # a reading without a result has errors
    return own, reading


def _load(name: str, folder: str, extenders: tuple[str, ...]) -> Profile:
    file = os.path.join(folder, f"{name}.yaml")
    with open(file, encoding="utf-8") as stream:
        own, reading = read_text(file, stream.read())
    if own.id != name:
        _wrong(reading, f"the id is `{own.id}` in a file named `{name}.yaml`", "id")
    profile = own
    if own.extends:
        extenders = (*extenders, name)
        if own.extends not in extenders and os.path.exists(os.path.join(folder, f"{own.extends}.yaml")):
            profile = _inherited(_load(own.extends, folder, extenders), own)
        else:
            complaint = "cannot be extended: it extends this file, or there is no such file"
            _wrong(reading, f"`{own.extends}` {complaint}", "extends")
    _check_facts(own, profile, reading)
    _check_meanings(own, profile, reading)
    if not name.startswith("_"):
        _check_use(profile, reading)
    raise_all(reading.errors)
    return profile


def _inherited(base: Profile, own: Profile) -> Profile:
    return own._replace(
        sources=base.sources + own.sources,
        caveats=base.caveats + own.caveats,
        health=own.health or base.health,
        requires=base.requires + own.requires,
        inputs={**base.inputs, **own.inputs},
        options={**base.options, **own.options},
        rules=base.rules + own.rules,
        meanings={**base.meanings, **own.meanings},
        claims=base.claims + own.claims,
        check=own.check or base.check,
    )


def _wrong(reading: Reading, message: str, *path: str | int, hint: str = "") -> None:
    reading.errors.append(NatsvaluesError(reading.code, message, where=(reading.positions.where(*path),), hint=hint))


def _check_facts(own: Profile, whole: Profile, reading: Reading) -> None:
    """Report facts that this file names and that do not exist."""
    known = _FACTS | {f"options.{name}" for name in whole.options}
    named: list[tuple[Path, str]] = []
    for index, rule in enumerate(own.rules):
        named += [(("rules", index, "when", name), name) for name in rule.when]
        texts = _texts(rule._asdict(), ("rules", index))
        named += [(path, name) for path, text in texts for name in placeholders(text)]
    for index, requirement in enumerate(own.requires):
        named += [(("requires", index, "anyOf", at), name) for at, name in enumerate(requirement.any_of)]
    for path, name in named:
        if name not in known and not name.startswith("annotations."):
            _wrong(reading, f"there is no fact `{name}`", *path, hint=nearest(name, known))
    for name in own.inputs:
        if name not in FIELDS:
            _wrong(
                reading,
                f"`{name}` is not an input that a provider can accept",
                "inputs",
                name,
                hint=nearest(name, FIELDS),
            )


def _check_meanings(own: Profile, whole: Profile, reading: Reading) -> None:
    """Report annotations that this file writes or reads, and whose meaning is not stated."""
    for index, rule in enumerate(own.rules):
        keys = [(("rules", index, "annotations", key), template_of(key)) for key in rule.annotations]
        seen = [name for name in rule.when if name.startswith("annotations.")]
        keys += [(("rules", index, "when", name), name.removeprefix("annotations.")) for name in seen]
        for path, key in keys:
            if key not in whole.meanings:
                hint = "state it in `meanings`; an annotation without effect on reachability means `none`"
                _wrong(reading, f"what `{key}` means is not stated", *path, hint=hint)


def _check_use(profile: Profile, reading: Reading) -> None:
    """Report declared inputs and options that no rule uses: none is dropped silently."""
    used = {name for rule in profile.rules for name in rule.when}
    for rule in profile.rules:
        used |= {name for _, text in _texts(rule._asdict(), ()) for name in placeholders(text)}
    used |= {name.split(".")[0] for name in used if not name.startswith("options.")}
    for name, taken in profile.inputs.items():
        in_spec = name in SPEC_FIELDS and profile.object == "Service"
        if name not in used and not in_spec and not (taken.default and taken.one_of == (taken.default,)):
            _wrong(reading, f"`{name}` is accepted, but no rule uses it", "inputs", name)
    for name in profile.options:
        if f"options.{name}" not in used:
            _wrong(reading, f"no rule uses the option `{name}`", "options", name)


def _texts(part: Any, path: Path) -> list[tuple[Path, str]]:
    """Return every text of a rule, keys included, with its place."""
    if isinstance(part, str):
        return [(path, part)]
    if isinstance(part, Port):
        part = part._asdict()
    if isinstance(part, dict):
        keys = [((*path, key), key) for key in part]
        return keys + [entry for key, item in part.items() for entry in _texts(item, (*path, key))]
    if isinstance(part, (list, tuple)):
        return [entry for index, item in enumerate(part) for entry in _texts(item, (*path, index))]
    return []
