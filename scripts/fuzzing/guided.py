"""Let atheris choose the texts by what of natsvalues they reach.

It instruments what is imported within `instrumented`, so nothing of natsvalues may be imported before.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from typing import TYPE_CHECKING, Any

import atheris

from fuzzing.mutation import Inventor, parts
from fuzzing.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable

    from fuzzing.judge import Judge
    from fuzzing.target import Target


def instrumented() -> Any:
    """A `with` block for imports."""
    return atheris.instrument_imports(include=["natsvalues"])


def run(target: Target, judge: Judge, seed: int, seconds: float, done: Callable[[Session], int]) -> None:
    """Try texts for some seconds, then end the process with the code that `done` returns: libFuzzer never returns."""
    session = Session(target, judge)
    inventor = Inventor(target.fragments, target.seeds(), random.Random(seed), target.most)  # noqa: S311 - no secrets
    folder = tempfile.TemporaryDirectory(prefix="natsvalues-fuzz-")
    for number, text in enumerate(target.seeds()):
        with open(os.path.join(folder.name, str(number)), "wb") as file:
            file.write(text[: target.most].encode())
    end = time.monotonic() + seconds

    def one(data: bytes) -> None:
        session.add(data.decode("utf-8", "ignore"))
        if time.monotonic() > end:
            session.ask()
            code = done(session)
            judge.__exit__(None, None, None)
            folder.cleanup()
            sys.stdout.flush()
            os._exit(code)

    def changed(data: bytes, most: int, seed: int) -> bytes:
        inventor.rng.seed(seed)
        text = inventor.damaged(parts(data.decode("utf-8", "ignore"))) if data else inventor.text()
        return text.encode()[:most]

    options = [f"-seed={seed}", f"-max_len={4 * target.most}", "-verbosity=0", "-timeout=60"]
    atheris.Setup([sys.argv[0], *options, folder.name], one, custom_mutator=changed)
    atheris.Fuzz()
