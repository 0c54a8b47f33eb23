"""The command `natsvalues`: the post-render path without a command-line library, everything else with one."""

from __future__ import annotations

import gc
import os
import sys

try:
    from natsvalues.cli.start import leave_on_interrupt, open_streams

    leave_on_interrupt()  # before anything heavier is imported
except KeyboardInterrupt:
    os._exit(130)


def main() -> None:
    """Run and leave with the exit code that `natsvalues.errors` defines."""
    stdin_is_terminal = sys.stdin is None or sys.stdin.isatty()
    open_streams()
    gc.disable()  # one short pass over the input, kept to the end: collecting in between only costs
    code = _run(stdin_is_terminal=stdin_is_terminal)
    if code is None:
        gc.enable()  # a rehearsal takes minutes
        from natsvalues.cli.app import run  # typer costs 60 ms, too much for a post-renderer

        sys.exit(run())
    sys.exit(code)


def _run(*, stdin_is_terminal: bool) -> int | None:
    """The exit code of a verb that needs no command-line library; None for another one. A post-render run ends here."""
    from natsvalues.cli.light import KRM, diff_words, post_render_options  # before anything heavier

    if sys.argv[1:] == KRM:  # kustomize starts a function at every build
        from natsvalues.cli.krm import krm

        return krm()
    options = post_render_options(sys.argv[1:], stdin_is_terminal=stdin_is_terminal)
    if options is None:
        words = diff_words(sys.argv[1:])
        if words is None:
            return None
        from natsvalues.cli.diff.command import diff

        return diff(words)
    from natsvalues.cli.post_render import post_render

    # Everything is written; taking the interpreter apart would cost a seventh of the run.
    os._exit(post_render(options))


if __name__ == "__main__":
    main()
