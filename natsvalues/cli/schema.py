"""`natsvalues schema`: the JSON Schema of the overlay files."""

from __future__ import annotations

import json

from natsvalues.cli.streams import write_output
from natsvalues.errors import EXIT_OK
from natsvalues.overlays.schema import schema


def print_schema() -> int:
    """Print it."""
    write_output(json.dumps(schema(), indent=2) + "\n")
    return EXIT_OK
