"""The live display: drawn on a terminal, silent elsewhere."""

import io

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
