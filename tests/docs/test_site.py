"""scripts/site: what ends the build. The site itself is built by scripts/test."""

import os
import subprocess

import pytest

PAGE = """# A page

Text:
- an item right after a paragraph

[A page that is not there](nowhere.md), and [a heading that is not there](#nothing).

<script src="https://example.com/script.js"></script>

```sh cluster
true
```
"""
CONFIG = """
INHERIT: {root}/mkdocs.yml
docs_dir: {folder}/docs
site_dir: {folder}/site
hooks: ["{root}/scripts/site_pages.py"]
"""


@pytest.mark.slow
def test_what_ends_the_build(root, load_module, tmp_path):
    """Links and anchors that lead nowhere, a page with another shape than on a code host, requests to other hosts."""
    programs = load_module(os.path.join(root, "scripts", "environments.py")).programs("site", "mkdocs")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "page.md").write_text(PAGE, encoding="utf-8")
    config = tmp_path / "mkdocs.yml"
    config.write_text(CONFIG.format(root=root, folder=tmp_path), encoding="utf-8")

    command = [os.path.join(programs, "mkdocs"), "build", "--strict", "--config-file", str(config)]
    environment = {"PATH": os.environ["PATH"], "NO_MKDOCS_2_WARNING": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=tmp_path)

    assert done.returncode == 1
    warnings = [line for line in done.stderr.splitlines() if "page.md" in line or "page.html" in line]
    expected = [
        "'nowhere.md'",
        "'#nothing'",
        "another shape on a code host: here Counter(), there Counter({'li': 1})",  # and no `pre`: the block is one
        "loads https://example.com/script.js from another host",
    ]
    assert [sum(words in line for line in warnings) for words in expected] == [1, 1, 1, 1], done.stderr
