"""The words of the Kubernetes, Helm and NATS documentation: a dialect of our own stays out of texts and names."""

import ast
import re

import pytest

PHRASES = {
    r"told\b": "reported, shown, listed",
    r"has not got|have not got": "has no",
    r"to be had\b": "available",
    r"for ever\b": "forever",
    r"as ever\b": "as usual",
    r"ways? round\b": "workaround",
    r"mend(s|ed|ing)?\b": "fix",
    r"strangers? to\b": "changes the servers' JetStream identity",
    r"has (it|them) otherwise|otherwise than": "differs from",
    r"grave(st|r)?\b": "worst; of the severity",
    r"wish(es|ed)?\b": "should, requested",
    r"doors?\b": "protocols, ports",
    r"deaf\b": "does not listen",
    r"spoil(s|er|ed)?\b": "breaks",
    r"in one go\b": "together",
    r"without a word\b": "silently",
    r"comes? together\b": "converge",
    r"made anew|written anew": "created again, rewritten",
    r"lets? everybody through": "sends to all pods",
    r"who waits for whom": "what waits for what",
    r"telling (name|variable|annotation)s?": "sensitive",
    r"(is|are|was|were) asked of\b": "checked on, tested on",
    r"come into force|in(to)? force\b": "applied",
    r"makes? of (it|them)\b": "reads, results in",
}
"""What not to write, and what to write instead."""

FUNCTIONS = {"told", "made", "both", "asked", "named", "wished", "found", "seen", "said", "one"}
"""Not names of functions: a function is called after what it does or returns."""
VARIABLES = {"told", "found", "asked", "wished"}
"""Not names of variables: a variable is called after what it holds."""

_DIALECT = re.compile("|".join(rf"\b(?:{phrase})" for phrase in PHRASES), re.IGNORECASE)


def _lines(texts):
    for path, text in sorted(texts.items()):
        for number, line in enumerate(text.splitlines(), 1):
            yield f"{path}:{number}", line


def _instead(phrase):
    return next(plain for pattern, plain in PHRASES.items() if re.match(pattern, phrase, re.IGNORECASE))


def _fields(cls):
    """The fields of a class: the JSON reports have their names, so they stay."""
    return [item for item in cls.body if isinstance(item, ast.AnnAssign)]


def test_texts_are_plain(pages, sources):
    """Messages, help, comments and pages; a generated page is corrected where its texts come from."""
    hits = [
        f"{place}: `{match[0]}`: {_instead(match[0])}"
        for place, line in _lines({**pages, **sources})
        for match in _DIALECT.finditer(line)
    ]
    assert not hits, "\n".join(hits)


def test_names_say_what_they_hold(sources):
    """Functions, parameters and variables."""
    hits = []
    for path, text in sorted(sources.items()):
        if not path.endswith(".py"):
            continue
        tree = ast.parse(text)
        fields = {item.target for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for item in _fields(node)}
        for node in set(ast.walk(tree)) - fields:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.strip("_") in FUNCTIONS:
                hits.append(f"{path}:{node.lineno}: function {node.name}")
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in VARIABLES:
                hits.append(f"{path}:{node.lineno}: variable {node.id}")
            elif isinstance(node, ast.arg) and node.arg in VARIABLES:
                hits.append(f"{path}:{node.lineno}: parameter {node.arg}")
    assert not hits, "\n".join(hits)


@pytest.mark.parametrize("phrase", ["is told", "as ever", "the way round", "Mend the template", "comes together"])
def test_the_dialect_is_recognized(phrase):
    """The patterns match whole words in any case."""
    assert _DIALECT.search(phrase)
    assert not _DIALECT.search("a recommendation, an amendment, mostly as every other")
