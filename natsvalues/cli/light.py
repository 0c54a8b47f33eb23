"""The options of the post-render path, read without a command-line library.

Anything that is not plainly one of them (help, completion, a typing mistake) is left to the full command
line, which declares the same options and has better error messages.
"""

from __future__ import annotations

import os

from natsvalues.records import NamedTuple

POST_RENDER = "post-render"
DIFF = "diff"
KRM = ["krm"]
COMPLETION_VARIABLE = "_NATSVALUES_COMPLETE"
"""Set by the shells' completion scripts, whose standard input is not a terminal."""
IMMUTABLE_FIELD = "immutable-field"
PRIOR_AUTO, PRIOR_NONE = "auto", "none"
"""What `--prior` takes beside a file and a release: the release that the calling helm upgrades, and nothing."""
REGION = "region"
ALLOWABLE = {
    "server-names": "servers with JetStream get other names (a server name is a JetStream identity)",
    "system-account": "the region's system account changes (its JetStream lives under it)",
    "join-with-state": "a region whose JetStream ran alone joins others under one system account",
    "store": "the JetStream store moves, shrinks, or goes with its volumes",
    REGION: "the prior release was rendered for another region",
    IMMUTABLE_FIELD: "the API server refuses the change, and the object has already been deleted",
}
"""What `--prior` refuses, by the name for `--allow`."""


class PostRenderOptions(NamedTuple):
    """The options of the post-renderer, also from NATSVALUES_* variables."""

    region: str | None = None
    overlays: str | None = None
    prior: str | None = None
    allow: tuple[str, ...] = ()
    report: str | None = None


def post_render_options(arguments: list[str], *, stdin_is_terminal: bool) -> PostRenderOptions | None:
    """The options if this is a plain post-render run; None if the full command line should look at it."""
    words = list(arguments)
    if words and words[0] == POST_RENDER:
        words.pop(0)
    elif stdin_is_terminal or COMPLETION_VARIABLE in os.environ or (words and not words[0].startswith("--")):
        return None
    given = _options(words)
    return with_environment(given) if given is not None else None


def diff_words(arguments: list[str]) -> list[str] | None:
    """The words after `diff`, which reads its own options and helm's; None for other verbs, help and completion."""
    if arguments[:1] != [DIFF] or COMPLETION_VARIABLE in os.environ or {"-h", "--help"} & set(arguments):
        return None
    return arguments[1:]


def _options(words: list[str]) -> PostRenderOptions | None:
    """The options in a list of words; None if it has anything else."""
    given: dict[str, str] = {}
    allow: list[str] = []
    while words:
        option, attached, text = words.pop(0).partition("=")
        if option not in ("--region", "--overlays", "--prior", "--allow", "--report"):
            return None
        if not attached:
            if not words or words[0].startswith("--"):
                return None
            text = words.pop(0)
        if option == "--allow":
            allow.append(text)
        elif option in given or not text:
            return None
        else:
            given[option] = text
    if any(name not in ALLOWABLE for name in allow):
        return None
    return PostRenderOptions(
        given.get("--region"), given.get("--overlays"), given.get("--prior"), tuple(allow), given.get("--report")
    )


def with_environment(options: PostRenderOptions) -> PostRenderOptions:
    """The options, and NATSVALUES_REGION, NATSVALUES_PRIOR and NATSVALUES_REPORT for those that are not set."""
    return options._replace(
        region=options.region or os.environ.get("NATSVALUES_REGION") or None,
        prior=options.prior or os.environ.get("NATSVALUES_PRIOR") or None,
        report=options.report or os.environ.get("NATSVALUES_REPORT") or None,
    )
