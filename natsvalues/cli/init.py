"""`natsvalues init`: a commented starter pair of overlays."""

from __future__ import annotations

import os
import sys

from natsvalues.cli.edge import guarded
from natsvalues.cli.state import Run
from natsvalues.errors import EXIT_OK, NatsvaluesError, Where
from natsvalues.overlays.starter import region_file, supercluster_file

FOLDER = os.path.join("charts", "overlays")


def init(folder: str, *, scope: str, name: str, region: str) -> int:
    """Write supercluster.yaml and one region file; never overwrites."""

    def work() -> int:
        files = {"supercluster.yaml": supercluster_file(name, scope), f"{region}.yaml": region_file(region, scope)}
        paths = {os.path.join(folder, file): text for file, text in files.items()}
        present = [path for path in paths if os.path.exists(path)]
        if present:
            raise NatsvaluesError(
                "NV-S002",
                "there is an overlay already",
                where=tuple(Where(path) for path in present),
                hint="init never overwrites: choose another folder, or another --region",
            )
        os.makedirs(folder, exist_ok=True)
        for path, text in paths.items():
            with open(path, "x", encoding="utf-8") as file:
                file.write(text)
            sys.stdout.write(f"wrote {path}\n")
        sys.stdout.write("edit them, then: helm template … | natsvalues explain --region " + region + "\n")
        return EXIT_OK

    return guarded(Run(), work)
