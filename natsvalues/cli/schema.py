"""`natsvalues schema`: the JSON Schema of the overlay files."""

from __future__ import annotations

import json
import sys

from natsvalues.errors import EXIT_OK
from natsvalues.overlays.schema import schema


def print_schema() -> int:
    """Print it."""
    sys.stdout.write(json.dumps(schema(), indent=2) + "\n")
    return EXIT_OK
