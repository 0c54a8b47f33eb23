"""`natsvalues docs`: the pages of the documentation, where there is no checkout to read them in."""

from __future__ import annotations

import os

from natsvalues.cli.edge import guarded
from natsvalues.cli.state import Run
from natsvalues.cli.streams import read_stream, write_output
from natsvalues.errors import EXIT_OK, NatsvaluesError
from natsvalues.files import listed
from natsvalues.text.reading import nearest

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_SUFFIX = ".md"
_FOLDERS = ("", "tasks", "tools")


def docs(name: str | None) -> int:
    """List the pages with their titles, or print one: `stages`, or as pages name it, `docs/stages.md`."""

    def work() -> int:
        folder = _folder()
        files = (
            os.path.join(below, file) for below in _FOLDERS for file in listed(os.path.join(folder, below), (_SUFFIX,))
        )
        pages = {file.removesuffix(_SUFFIX): os.path.join(folder, file) for file in files}
        write_output(_listing(pages) if name is None else _page(pages, name))
        return EXIT_OK

    return guarded(Run(), work)


def _folder() -> str:
    """The pages of the installed package, or those of the checkout it is installed from."""
    inside = os.path.join(_PACKAGE, "docs")
    return inside if os.path.isdir(inside) else os.path.join(os.path.dirname(_PACKAGE), "docs")


def _listing(pages: dict[str, str]) -> str:
    width = max(map(len, pages), default=0)
    titles = {name: read_stream(path).partition("\n")[0].lstrip("# ") for name, path in pages.items()}
    return "".join(f"{name:<{width}}  {title}\n" for name, title in titles.items())


def _page(pages: dict[str, str], name: str) -> str:
    named = name.removesuffix(_SUFFIX).removeprefix("docs/")
    wanted = next((page for page in pages if named in (page, os.path.basename(page))), named)
    if wanted not in pages:
        raise NatsvaluesError(
            "NV-G011", f"no page `{name}`", hint=nearest(wanted, pages) or "`natsvalues docs` lists the pages"
        )
    return read_stream(pages[wanted])
