"""The command line of the helm that called us, read in one way for the getter, the post-renderer and `diff`."""

from __future__ import annotations

import os

from natsvalues.cli.helm_words import HelmWords, from_help, sort
from natsvalues.errors import NatsvaluesError
from natsvalues.outside.calling import calling_helm
from natsvalues.records import NamedTuple


class HelmCommand(NamedTuple):
    """A verb of helm, what follows it, all options, and the names of the variables that helm was started with."""

    verb: str
    names: tuple[str, ...]
    words: HelmWords
    variables: frozenset[str]


def helm_command() -> HelmCommand | None:
    """The command of the helm that called us; None if no helm did, or its command line cannot be read.

    From then on its program is the helm that we run.
    """
    caller = calling_helm()
    if caller is None:
        return None
    if os.access(caller.program, os.X_OK):  # not if it was replaced while it runs
        os.environ["HELM_BIN"] = caller.program
    try:
        words = sorted_words(list(caller.words))
    except NatsvaluesError:
        return None
    verb, *names = words.positional or ("",)
    return HelmCommand(verb, tuple(names), words, caller.variables)


def sorted_words(words: list[str]) -> HelmWords:
    """Helm's words, sorted. Raises NatsvaluesError (NV-D005) for an option that neither we nor helm know."""
    known = sort(words)
    if isinstance(known, HelmWords):
        return known
    from natsvalues.outside.helm import helm  # for options that our lists do not have: helm's help does

    documented = from_help(helm("upgrade", "--help")) | from_help(helm("template", "--help"))
    unknown = [name for name in known if name not in documented]
    if unknown:
        raise NatsvaluesError(
            "NV-D005",
            f"neither natsvalues nor helm knows the option --{unknown[0]}",
            hint="correct it; if it is an option of a plugin, write --OPTION=VALUE",
        )
    again = sort(words, takes_value=documented)
    assert isinstance(again, HelmWords)  # noqa: S101 - every name is known now
    return again
