"""The live display: drawn on a terminal, silent elsewhere."""

import io
import os
import pty
import subprocess
import sys

from natsvalues.cli.progress import Progress
from natsvalues.rehearsal.timeline import Event


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        """Yes."""
        return True


class World:
    """What the display looks at, two pods in."""

    class timeline:  # noqa: N801   # an attribute
        """One phase."""

        events = (Event(0.0, "phase", "scenario", "warm-up"),)

    @staticmethod
    def now():
        """Two pods, one of them ready, and a load balancer that sends to it."""

        class View:
            leader = "nats-0"

        class Pod:
            def __init__(self, state):
                self.state, self.view = state, View

        class Balancer:
            backends, candidates = ("nats-0",), 2

        class Snapshot:
            seconds, renderings, balancers = 12.3, ("us-east",), (Balancer,)
            pods = (Pod("ready"), Pod("starting"))

            @staticmethod
            def of(_):
                return Snapshot.pods

        return Snapshot


def test_a_terminal_sees_pods_leader_and_load_balancers():
    """One line for a scenario, drawn over itself."""
    stream = Terminal()
    progress = Progress(stream)
    progress.show("cold-restart", World)
    progress.show("cold-restart", World)

    drawn = stream.getvalue()
    assert " 12.3 s cold-restart: warm-up | us-east #s | leader nats-0 | lb 1/2\n" in drawn
    assert drawn.count("\x1b[1A\x1b[J") == 1

    progress.done("cold-restart", "converged")
    progress.clear()
    assert stream.getvalue().endswith("cold-restart: converged\n\x1b[1A\x1b[J")


def test_elsewhere_nothing_is_drawn():
    """A file or a pipe gets no escape sequences."""
    stream = io.StringIO()
    progress = Progress(stream)
    progress.show("cold-restart", World)
    progress.done("cold-restart", "stuck")
    progress.clear()

    assert stream.getvalue() == ""


SLOW = (
    "from natsvalues.cli import phases; import time\n"
    "phases.PATIENCE, phases._EVERY = 0.1, 0.1\n"
    "with phases.waiting('rendering'): time.sleep(0.5)\n"
    "with phases.waiting('quick'): pass\n"
)


def test_a_line_for_what_takes_long_is_erased_on_a_terminal_and_nowhere_else(isolated_env):
    """A person sees what goes on; a pipe and CI get nothing, and what is quick shows nothing."""
    outer, inner = pty.openpty()
    try:
        for env, seen in (
            ({"TERM": "xterm"}, True),
            ({"TERM": "xterm", "CI": "true"}, False),
            ({"TERM": "dumb"}, False),
        ):
            subprocess.run([sys.executable, "-c", SLOW], env=isolated_env | env, stderr=inner, check=True, timeout=20)
            os.write(inner, b"|")
            drawn = ""
            while not drawn.endswith("|"):
                drawn += os.read(outer, 100_000).decode()
            assert ("\r\x1b[2Krendering … 0 s" in drawn) == seen
            assert drawn.endswith("\r\x1b[2K|" if seen else "|")
            assert "quick" not in drawn
        done = subprocess.run(
            [sys.executable, "-c", SLOW], env=isolated_env, capture_output=True, check=True, timeout=20
        )
        assert (done.stdout, done.stderr) == (b"", b"")
    finally:
        os.close(outer)
        os.close(inner)
