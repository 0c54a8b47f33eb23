"""What MkDocs does not know of this checkout: a hook of mkdocs.yml.

The site has the pages of docs/, those of OUTSIDE, and every other file that a page links to. Pages keep the links that
code hosts follow; here they become links of the site. What MkDocs would show in another shape than GitHub's parser
does, such as a list that it takes for a paragraph, and whatever the site would load from another host, are warnings:
with `--strict` they end the build.
"""

from __future__ import annotations

import glob
import logging
import os
import re
from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import cmarkgfm
from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OUTSIDE = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "examples/README.md", "examples/*/README.md"]
"""Pages that lie outside docs/, as paths and patterns in the checkout."""
HOME = "README.md"

_LOG = logging.getLogger("mkdocs.hooks.site_pages")
_FENCED = re.compile(r"(^ *```.*?^ *```\n?)", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<=\]\()([^)\s#]+)")
_MARKS = re.compile(r"^( *```\w+) .*$", re.MULTILINE)
_SHAPE = re.compile(r"<(li|tr|h[1-6]|pre|blockquote|img|a href)\b")
_LOADED = re.compile(
    r"<(?:script|img|iframe|source)\b[^>]*\bsrc=[\"']?([^\"'\s>]+)|<link\b[^>]*\bhref=[\"']?([^\"'\s>]+)"
)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages outside docs/, and the files that any page links to."""
    for path in [found for pattern in OUTSIDE for found in sorted(glob.glob(pattern, root_dir=ROOT))]:
        _add(files, config, path)
    for page in [file for file in files if file.is_documentation_page()]:
        for link in _LINK.findall("".join(_FENCED.split(page.content_string)[::2])):
            target = _target(page, link)
            if target and os.path.isfile(os.path.join(ROOT, target)) and _on_site(target) not in files.src_uris:
                _add(files, config, target)
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """A page with the site's links, and blocks of code without the marks that the tests read (`sh cluster`)."""
    del config
    parts = _FENCED.split(markdown)
    parts[::2] = [_LINK.sub(lambda found: _relinked(page.file, found[1], files), part) for part in parts[::2]]
    return _MARKS.sub(r"\1", "".join(parts))


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Compare the shape of a page with that which GitHub's parser gives it."""
    del config, files
    shown = Counter(_SHAPE.findall(html))
    expected = Counter(_SHAPE.findall(cmarkgfm.github_flavored_markdown_to_html(page.markdown or "")))
    if shown != expected:
        _LOG.warning("%s has another shape on a code host: here %s, there %s", page.file.src_uri, shown - expected,
                     expected - shown)  # fmt: skip
    return html


def on_post_build(config: MkDocsConfig) -> None:
    """Find what a browser would load from another host."""
    for path in glob.glob("**/*.html", root_dir=config.site_dir, recursive=True):
        with open(os.path.join(config.site_dir, path), encoding="utf-8") as file:
            addresses = {address for found in _LOADED.findall(file.read()) for address in found if address}
        for address in sorted(addresses):
            if urlsplit(address).netloc:
                _LOG.warning("%s loads %s from another host", path, address)


def _add(files: Files, config: MkDocsConfig, path: str) -> None:
    files.append(File.generated(config, _on_site(path), abs_src_path=os.path.join(ROOT, path)))


def _on_site(path: str) -> str:
    """Where a file of the checkout is on the site."""
    return "index.md" if path == HOME else path.removeprefix("docs/")


def _in_checkout(file: File) -> str:
    """Where a file of the site is in the checkout."""
    return os.path.relpath(file.abs_src_path or "", ROOT)


def _target(file: File, link: str) -> str | None:
    """The path in the checkout that a page's link leads to; None if it leads elsewhere. A folder is its README."""
    if "://" in link or link.startswith("mailto:"):
        return None
    path = os.path.normpath(os.path.join(os.path.dirname(_in_checkout(file)), link))
    readme = os.path.join(path, "README.md")
    return readme if os.path.isfile(os.path.join(ROOT, readme)) else path


def _relinked(file: File, link: str, files: Files) -> str:
    target = _target(file, link)
    if target is None or _on_site(target) not in files.src_uris:
        return link  # MkDocs reports what leads nowhere
    return os.path.relpath(_on_site(target), os.path.dirname(file.src_uri) or ".")
