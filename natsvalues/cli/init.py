"""`natsvalues init`: a commented starter pair of overlays."""

from __future__ import annotations

import os
import sys

from natsvalues.cli.edge import guarded
from natsvalues.cli.state import Run
from natsvalues.errors import EXIT_OK, NatsvaluesError, Where
from natsvalues.overlays.folder import load
from natsvalues.overlays.starter import region_file, supercluster_file

FOLDER = os.path.join("charts", "overlays")


def init(folder: str, *, scope: str, name: str, region: str) -> int:
    """Write supercluster.yaml and one region file, or one more region file; never overwrite a file."""

    def work() -> int:
        shared = os.path.join(folder, "supercluster.yaml")
        own = os.path.join(folder, f"{region}.yaml")
        if own == shared:
            raise NatsvaluesError(
                "NV-S004", "a region cannot have the name `supercluster`: its file would be that of the supercluster"
            )
        if os.path.exists(own):
            raise NatsvaluesError(
                "NV-S002",
                "the region already has an overlay",
                where=(Where(own),),
                hint="init never overwrites a file: use another --region or another folder",
            )
        if os.path.exists(shared):
            existing = load(folder).supercluster.jetstream.scope
            paths = {own: region_file(region, existing, first=False)}
        else:
            paths = {shared: supercluster_file(name, scope), own: region_file(region, scope, first=True)}
        os.makedirs(folder, exist_ok=True)
        for path, text in paths.items():
            with open(path, "x", encoding="utf-8") as file:
                file.write(text)
            sys.stdout.write(f"wrote {path}\n")
        sys.stdout.write("edit them, then: helm template … | natsvalues explain --region " + region + "\n")
        return EXIT_OK

    return guarded(Run(), work)
