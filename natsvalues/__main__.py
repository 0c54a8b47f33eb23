"""The command `natsvalues`: the post-render path without a command-line library, everything else with one."""

from __future__ import annotations

import gc
import os
import sys


def main() -> None:
    """Run and leave with the exit code that `natsvalues.errors` defines."""
    gc.disable()  # one short pass over the input, kept to the end: collecting in between only costs
    from natsvalues.cli.light import KRM, diff_words, post_render_options  # before anything heavier

    if sys.argv[1:] == KRM:  # kustomize starts a function at every build
        from natsvalues.cli.krm import krm

        sys.exit(krm())
    options = post_render_options(sys.argv[1:], stdin_is_terminal=sys.stdin is None or sys.stdin.isatty())
    if options is None:
        words = diff_words(sys.argv[1:])
        if words is not None:
            from natsvalues.cli.diff.command import diff

            sys.exit(diff(words))
        gc.enable()  # a rehearsal takes minutes
        from natsvalues.cli.app import run  # typer costs 60 ms, too much for a post-renderer

        sys.exit(run())
    from natsvalues.cli.post_render import post_render

    code = post_render(options)
    sys.stderr.flush()
    os._exit(code)  # everything is written; taking the interpreter apart would cost a seventh of the run


if __name__ == "__main__":
    main()
