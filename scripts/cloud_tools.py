"""Install the tools with which AWS is tested: `python scripts/cloud_tools.py` prints the folder of their programs.

They are the real `aws`, and `moto_server`, which answers as AWS does on loopback. Both come from wheels, pinned with
their hashes in scripts/locks/clouds.txt: natsvalues does not depend on them. It takes about a minute, once.
"""

from __future__ import annotations

import os
import sys

sys.path.append(os.path.dirname(os.path.abspath(__file__)))

from binaries import BinaryError
from environments import programs


def fetch() -> str:
    """Return the folder of `aws` and `moto_server`, installing them first when they are not there."""
    return programs("clouds", "aws")


if __name__ == "__main__":
    try:
        print(fetch())
    except BinaryError as error:
        sys.exit(f"cloud_tools: {error}")
