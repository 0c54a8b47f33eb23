"""Play one act, in the network between the nodes: `natsvalues rehearse --contexts` with the acts of acts.py, too.

Started by playing.py: NATSVALUES_REGIONS is the folder of the regions, the words are those of the command.
"""

from __future__ import annotations

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path += [HERE, os.path.dirname(HERE), os.path.join(os.path.dirname(os.path.dirname(HERE)), "tests")]

import acts  # noqa: E402 - scripts are no package
import regions as real  # noqa: E402 - same

from natsvalues.__main__ import main  # noqa: E402 - same
from natsvalues.cli import rehearse_clusters  # noqa: E402 - same
from natsvalues.rehearsal.scenarios import SCENARIOS  # noqa: E402 - same

if __name__ == "__main__":
    running = real.running()
    ours = acts.scenarios(running)
    SCENARIOS.update(ours)
    rehearse_clusters.ON_ANY += tuple(ours)
    sys.argv = ["natsvalues", *sys.argv[1:]]
    main()
