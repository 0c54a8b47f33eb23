"""Waiting for what other programs do, and ports for them."""

import socket
import time


def until(condition, seconds=240, said=str):
    """Wait until something is so; `said` gives what to show if it does not come."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, said()
        time.sleep(0.2)


def free_port():
    """A port of loopback that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
