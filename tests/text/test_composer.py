"""The composer without the rest of ruamel.yaml: light, and the whole package can still be used in the same process."""

from __future__ import annotations

import sys

LIGHT = """
import sys
from natsvalues.text.yamltree import YamlSyntaxError, compose
for text in ("a: [", "a: \\x07", "a: b: c", "*x", "a: \\ud800"):
    try:
        compose(text)
    except YamlSyntaxError as error:
        print(error.message)
assert not {"ruamel.yaml.scanner", "ruamel.yaml.constructor", "datetime"} & set(sys.modules)
"""
WHOLE = """
import io, ruamel.yaml, ruamel.yaml.reader, ruamel.yaml.scanner
for text, error in (("a: b: c", ruamel.yaml.scanner.ScannerError), ("a: \\x07", ruamel.yaml.reader.ReaderError)):
    try:
        ruamel.yaml.YAML(typ="safe").load(text)
    except error as caught:
        print(type(caught).__module__)
out = io.StringIO()
ruamel.yaml.YAML().dump(ruamel.yaml.YAML(typ="safe").load("a: [1]"), out)
print(out.getvalue())
"""


def test_errors_of_every_kind_are_read(run):
    """The scanner's, the parser's, the composer's and the reader's, though their Python modules are not there."""
    assert run(sys.executable, "-c", LIGHT, check=True).stdout.splitlines() == [
        "not YAML: did not find expected node content",
        "not YAML: control characters are not allowed",
        "not YAML: mapping values are not allowed in this context",
        "not YAML: found undefined alias",
        "not YAML: a character that is not valid Unicode",
    ]


def test_the_whole_package_works_afterwards(run):
    """Its own error classes are raised again, which others catch."""
    lines = run(sys.executable, "-c", LIGHT + WHOLE, check=True).stdout.splitlines()
    assert lines[5:] == ["ruamel.yaml.scanner", "ruamel.yaml.reader", "a:", "- 1", ""]
