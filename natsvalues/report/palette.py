"""The colours of every page and picture, once: each name in light and in dark.

tests/report/test_look.py computes their contrasts.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

COLOURS = {
    "back": ("#ffffff", "#0d1117"),
    "raised": ("#f6f8fa", "#161b22"),
    "text": ("#1c2128", "#e6edf3"),
    "muted": ("#57606a", "#9da7b3"),
    "edge": ("#858e98", "#6e7681"),
    "soft": ("#d0d7de", "#30363d"),
    "error": ("#b3121d", "#ff8d85"),
    "warning": ("#8a4600", "#f0b26b"),
    "notice": ("#0b5cad", "#79c0ff"),
    "good": ("#19692f", "#56d364"),
    "add": ("#0f5323", "#8ae8a8"),
    "add-back": ("#e6ffec", "#10291a"),
    "remove": ("#8e0f1b", "#ffa8a0"),
    "remove-back": ("#ffebe9", "#361417"),
    # meta groups
    "g0": ("#0969da", "#58a6ff"),
    "g1": ("#b35200", "#ffa657"),
    "g2": ("#1a7f37", "#56d364"),
    "g3": ("#8250df", "#d2a8ff"),
    "g4": ("#bf3989", "#ff9bce"),
    "g5": ("#0a7b83", "#56d4dd"),
    "g6": ("#7a6200", "#e3c04c"),
    "g7": ("#59636e", "#9198a1"),
    # states of a pod; their heights tell them apart, too
    "down": ("#7b838c", "#7d8590"),
    "starting": ("#b07300", "#e0a030"),
    "running": ("#4a7fc1", "#6a9fdf"),
    "ready": ("#3f8f5b", "#438e5c"),
    "stopping": ("#94609a", "#c08fc6"),
    "leader": ("#1f3f77", "#cfe0ff"),
    "links": ("#5b5bb0", "#a5a5f5"),
    "balancer": ("#23807f", "#3fb5b3"),
}
"""Name, light, dark. `back` and `raised` are backgrounds, `soft` is decoration, the rest carries meaning."""


@cache
def style(name: str) -> str:
    """A stylesheet of `page/`, by its name without `.css`."""
    return files("natsvalues.report").joinpath(f"page/{name}.css").read_text("utf-8")


def variables(selector: str) -> str:
    """The colours as CSS variables of what the selector selects, following the reader's scheme."""
    light, dark = (" ".join(f"--{name}: {colours[scheme]};" for name, colours in COLOURS.items()) for scheme in (0, 1))
    return (
        f"{selector} {{ color-scheme: light dark; {light} }}\n"
        f"@media (prefers-color-scheme: dark) {{ {selector} {{ {dark} }} }}\n"
        f"@media print {{ {selector} {{ color-scheme: light; {light} }} }}\n"
    )
