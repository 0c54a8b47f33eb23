"""Look at the HTML pages in a real browser: check that nothing overflows, and take the pictures of docs/pictures.

`python scripts/page_pictures.py` prints each page from a sample, as a user does (a minute, most of it a rehearsal with
real servers), measures it at 360, 420 and 1400 pixels, and takes pictures in light and in dark. `--check` takes none;
`--pages FOLDER` looks at the pages in a folder instead. Needs Chromium (`apt-get install chromium`), and for pictures
Pillow (`pip install -e '.[pictures]'`), which makes them a third as large.
"""

from __future__ import annotations

import argparse
import glob
import html
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

import binaries
import rehearsal_cases

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PICTURES = os.path.join(ROOT, "docs", "pictures")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WIDTHS = (360, 420, 1400)
HEIGHT, GAP = 760, 8
KINDS = (("light", ("light",), 1400), ("dark", ("dark",), 1400), ("phone", ("light", "dark"), 420))
"""The pictures of a page: name, schemes side by side, width."""
PLACES = {
    ("rehearse", "light"): (1080, ""),
    ("rehearse", "dark"): (1080, ""),
    ("rehearse", "phone"): (HEIGHT, "#timeline-0"),
}
"""Where not the beginning of a page shows what it is for: height, and where the picture begins."""
COLOURS = 128
VERSION = "2.14.2"
OVERLAYS = {
    "supercluster": "kind: Supercluster\nname: acme\njetstream: {scope: supercluster}\n",
    "us-east": "kind: Region\nname: us-east\nstage: join\njoins: seed\ngateway: {host: gw.us-east.example.com}\n"
    'serverNames: {prefix: ""}\nloadBalancer: {provider: generic}\n',
    "eu-west": "kind: Region\nname: eu-west\nstage: join\njoins: empty\ngateway: {host: gw.eu-west.example.com}\n"
    "serverNames: {prefix: eu-west-}\nloadBalancer: {provider: generic}\n",
}
UPGRADE = os.path.join(ROOT, "tests", "diff", "golden", "upgrade-hand-made-taken-over")
FAULT = {
    "us-east": {"gatewayz": {"outbound_gateways": {"eu-west": None}}, "varz": {"nats-1": {"version": "2.12.8"}}},
    "eu-west": {"gatewayz": {"outbound_gateways": {"us-east": None}}},
}
"""Of the regions of tests/doctor: no gateway is connected, and one server is older."""
MEASURE = """\
const found = [];
for (const frame of document.querySelectorAll("iframe")) {
  const root = frame.contentDocument.documentElement;
  const wide = [...root.querySelectorAll("body *")].filter((item) => {
    const box = item.getBoundingClientRect();
    return box.width > 0 && box.right > root.clientWidth + 1 && !item.closest(".scroll, .unseen, svg");
  });
  const small = [...root.querySelectorAll("body *")].filter((item) => {
    const own = [...item.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || item.closest(".unseen") || !item.getClientRects().length) return false;
    const matrix = item.getScreenCTM?.();
    return parseFloat(getComputedStyle(item).fontSize) * (matrix ? matrix.a : 1) < 9.5;
  });
  found.push({
    page: frame.title, width: frame.clientWidth, scrolls: root.scrollWidth - root.clientWidth,
    wide: wide.slice(0, 5).map((item) => item.outerHTML.slice(0, 120)),
    small: small.slice(0, 5).map((item) => item.outerHTML.slice(0, 120)),
  });
}
document.body.replaceChildren(document.createTextNode(JSON.stringify(found)));
"""


def main(words: Sequence[str]) -> int:
    """Make, measure and picture the pages; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only measure")
    parser.add_argument("--pages", metavar="FOLDER", help="pages that were printed before")
    parser.add_argument("--browser", metavar="FILE", help=f"instead of {', '.join(BROWSERS)}")
    options = parser.parse_args(words)
    browser = next(filter(None, map(shutil.which, [options.browser] if options.browser else BROWSERS)), None)
    if browser is None:
        print("page_pictures: there is no browser; apt-get install chromium, or --browser FILE", file=sys.stderr)
        return 1
    if options.pages is not None and not glob.glob(os.path.join(glob.escape(options.pages), "*.html")):
        print(f"page_pictures: no *.html in {options.pages}", file=sys.stderr)
        return 1
    if not options.check and importlib.util.find_spec("PIL") is None:
        print("page_pictures: Pillow is missing; pip install -e '.[pictures]', or --check", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="natsvalues-pages-") as folder:
        if options.pages is None:
            print_pages(folder)
        pages = sorted(glob.glob(os.path.join(glob.escape(options.pages or folder), "*.html")))
        faults = measured(browser, pages, folder)
        print("\n".join(faults) or f"{len(pages)} pages: nothing overflows, no text is too small")
        if not options.check:
            os.makedirs(PICTURES, exist_ok=True)
            for page in pages:
                take_pictures(browser, page, folder)
        return 1 if faults else 0


def print_pages(folder: str) -> None:
    """Write diff.html, topology.html, plan.html, doctor.html and rehearse.html."""
    sys.path.append(os.path.join(ROOT, "tests", "doctor"))
    import seeding  # the records of doctor's tests

    from natsvalues.report.bundle import bundle_text

    inputs = os.path.join(folder, "inputs")
    for name, text in OVERLAYS.items():
        _write(os.path.join(inputs, "overlays", f"{name}.yaml"), text)
    _write(os.path.join(inputs, "bundle.json"), bundle_text(seeding.seeded(FAULT)))
    renderer = rehearsal_cases.Renderer(binaries.fetch("helm3"))
    _write(os.path.join(inputs, "prior", "us-east.yaml"), rehearsal_cases.alone(renderer, VERSION, "us-east"))
    for region, text in rehearsal_cases.stock(renderer, VERSION, ("us-east", "eu-west")).items():
        _write(os.path.join(inputs, "rendered", f"{region}.yaml"), text)
    for side in ("old", "new"):
        with open(os.path.join(UPGRADE, f"{side}.yaml"), encoding="utf-8") as file:
            _write(os.path.join(inputs, f"{side}.yaml"), file.read())
    _run(folder, "diff", "inputs/old.yaml", "inputs/new.yaml", "-o", "html=diff.html")
    _run(folder, "topology", os.path.join(ROOT, "charts", "overlays"), "-o", "html=topology.html")
    _run(folder, "plan", "--overlays", "inputs/overlays", "--prior", "inputs/prior", "-o", "html=plan.html")
    _run(folder, "doctor", "--from-bundle", "inputs/bundle.json", "-o", "html=doctor.html", "--fail-on=never")
    _run(folder, "rehearse", "inputs/rendered", "--scenario=cold-restart", "--timeline=rehearse.html", "--expect=stuck")


def _write(path: str, text: str) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def _run(folder: str, *words: str) -> None:
    environment = os.environ | {"NATSVALUES_TOOLS": binaries.tools()}
    command = [sys.executable, "-m", "natsvalues", *words]
    subprocess.run(command, cwd=folder, env=environment, check=True, timeout=300, stdout=subprocess.DEVNULL)


def measured(browser: str, pages: Sequence[str], folder: str) -> list[str]:
    """What overflows or is hard to read, as lines."""
    frames = []
    for page in pages:
        with open(page, encoding="utf-8") as file:
            text = html.escape(file.read().replace("<details>", "<details open>"))
        frames += [_frame(width, HEIGHT, f'title="{os.path.basename(page)}" srcdoc="{text}"') for width in WIDTHS]
    script = f'<script>addEventListener("load", () => {{ {MEASURE} }})</script>'
    done = _browse(browser, folder, "".join(frames) + script, "--dump-dom")
    answer = re.search(r"<body[^>]*>(\[.*\])</body>", done, re.DOTALL)
    if answer is None:
        return [f"the browser did not answer: {done[:500]}"]
    lines = []
    for found in json.loads(html.unescape(answer[1])):
        where = f"{found['page']} at {found['width']}"
        lines += [f"{where}: scrolls sideways by {found['scrolls']} pixels"] * (found["scrolls"] > 0)
        lines += [f"{where}: is cut: {item}" for item in found["wide"]]
        lines += [f"{where}: small text: {item}" for item in found["small"]]
    return lines


def take_pictures(browser: str, page: str, folder: str) -> None:
    """Three of each page: at 1400 pixels in light and in dark, and at 420 pixels in both."""
    name = os.path.splitext(os.path.basename(page))[0]
    for kind, schemes, width in KINDS:
        height, place = PLACES.get((name, kind), (HEIGHT, ""))
        source = f'src="file://{html.escape(os.path.abspath(page))}{place}"'
        frames = "".join(_frame(width, height + 20, source, f"color-scheme: {scheme}") for scheme in schemes)
        size = f"{width * len(schemes) + GAP * (len(schemes) - 1)},{height}"
        picture = os.path.join(PICTURES, f"{name}-{kind}.png")
        _browse(browser, folder, frames, f"--window-size={size}", f"--screenshot={picture}")
        reduce(picture)


def reduce(picture: str) -> None:
    """Leave the picture the colours that a page has: letters on even grounds look the same in so many."""
    from PIL import Image  # only here, since measuring does without

    with Image.open(picture) as image:
        reduced = image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    reduced.save(picture, optimize=True)


def _frame(width: int, height: int, source: str, rules: str = "") -> str:
    return f'<iframe {source} style="width: {width}px; height: {height}px; flex: none; border: 0; {rules}"></iframe>'


def _browse(browser: str, folder: str, content: str, *words: str) -> str:
    """What the browser prints of this content. It has a profile of its own, and asks the network for nothing."""
    sheet = os.path.join(folder, "sheet", "sheet.html")
    look = f"margin: 0; overflow: hidden; display: flex; gap: {GAP}px; background: #888"
    _write(sheet, f'<!doctype html><meta charset="utf-8"><body style="{look}">{content}</body>')
    with tempfile.TemporaryDirectory(prefix="natsvalues-browser-") as profile:
        command = [
            browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--virtual-time-budget=3000",
            "--run-all-compositor-stages-before-draw", f"--user-data-dir={profile}", *words, f"file://{sheet}",
        ]  # fmt: skip
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
