"""`natsvalues init`: a commented starter pair of overlays."""

from __future__ import annotations

import os

from natsvalues.cli.edge import guarded
from natsvalues.cli.outputs import Output, make_folder, write
from natsvalues.cli.state import Run
from natsvalues.cli.streams import write_output
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
        if os.path.lexists(own):
            raise NatsvaluesError(
                "NV-S002",
                "the region already has an overlay",
                where=(Where(own),),
                hint="init never overwrites a file: use another --region or another folder",
            )
        if os.path.lexists(shared):
            overlays = load(folder)
            existing = overlays.supercluster.jetstream.scope
            if scope not in ("", existing):
                raise NatsvaluesError(
                    "NV-S003",
                    f"the scope of these overlays is `{existing}`, and not `{scope}`",
                    where=(overlays.positions.where("jetstream", "scope"),),
                    hint="leave --scope out for one more region here, or give another folder for another supercluster",
                )
            paths = {own: region_file(region, existing, first=False)}
        else:
            paths = {shared: supercluster_file(name, scope), own: region_file(region, scope, first=True)}
        make_folder(folder)
        write([Output(path, text) for path, text in paths.items()])
        wrote = "".join(f"wrote {path}\n" for path in paths)
        write_output(f"{wrote}edit them, then: helm template … | natsvalues explain --region {region}\n")
        return EXIT_OK

    return guarded(Run(), work)
