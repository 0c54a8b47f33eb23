"""Read plain nats.conf files, with the files that they include, from disk."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from natsvalues.cli.streams import read_stream
from natsvalues.errors import NatsvaluesError, Where
from natsvalues.manifests.chart import joined
from natsvalues.manifests.plain import KUBERNETES, SUFFIX, Plain, Text, is_plain
from natsvalues.manifests.server import parse_version
from natsvalues.text.natsconf import ConfSyntaxError, includes, read, value
from natsvalues.text.spans import line_column

if TYPE_CHECKING:
    from natsvalues.text.natsconf import Conf, Include


def plain_file(text: str, file: str) -> Plain | None:
    """The nats.conf that a text is, with the files that it includes from its own folder; None if it is none.

    For standard input that is the working directory. Raises NatsvaluesError for a file that the server would refuse:
    its syntax (NV-C001), an included file that cannot be read (NV-L020), files that include each other (NV-L021); and
    for Kubernetes objects in a file that is called *.conf (NV-L022).
    """
    if file.endswith(SUFFIX) and KUBERNETES.search(text):
        raise NatsvaluesError(
            "NV-L022",
            "the file has Kubernetes objects and is called as a nats.conf",
            where=(Where(file),),
            hint="call a rendering REGION.yaml",
        )
    if not is_plain(text, file):
        return None
    plain = Plain(file, text, {})
    main = _read(file, text)
    _include(plain, main, file, "", (os.path.realpath(file),))
    try:
        value(main, loader=lambda path: plain.included[joined("", path)].text)
    except ConfSyntaxError as error:  # a variable that refers to itself; included files were read already
        error.where = (Where(file, error.line, error.column),)
        raise
    return plain


def _include(plain: Plain, conf: Conf, file: str, path: str, above: tuple[str, ...]) -> None:
    """Read what a file includes into `plain.included`; `path` is the file's from the folder of nats.conf."""
    for include in includes(conf):
        inner = joined(path, include.path)
        shown = os.path.normpath(os.path.join(os.path.dirname(plain.file), inner))
        where = _place(file, conf, include)
        real = os.path.realpath(shown)
        if real in above:
            raise NatsvaluesError(
                "NV-L021", f"the file includes `{include.path}`, which leads back to itself",
                where=(where,), hint="the server does not start with it: remove one of the includes",
            )  # fmt: skip
        if inner not in plain.included:
            plain.included[inner] = Text(shown, _text(shown, include.path, where))
        text = plain.included[inner].text
        _include(plain, _read(shown, text), shown, inner, (*above, real))


def _text(file: str, path: str, where: Where) -> str:
    try:
        return read_stream(file)
    except NatsvaluesError as error:
        if error.code != "NV-I007":
            raise
        reason = error.message.rpartition(": ")[2]
        raise NatsvaluesError(
            "NV-L020",
            f"the file includes `{path}`, and {file} cannot be read: {reason}",
            where=(where,),
            hint="the server does not start without it; it joins the path to the folder of the file in which the "
            "include\nstands: lint the file where it lies beside those that it includes",
        ) from None


def _place(file: str, conf: Conf, include: Include) -> Where:
    line, column = line_column(conf.text, include.span.start)
    return Where(file, line, column)


def _read(file: str, text: str) -> Conf:
    try:
        return read(text)
    except ConfSyntaxError as error:
        error.where = (Where(file, error.line, error.column),)
        raise


def stated_version(given: str | None, code: str) -> str | None:
    """The version of `--nats-version` after a check. Raises NatsvaluesError with this code for anything else."""
    if given is not None and parse_version(given) is None:
        raise NatsvaluesError(code, f"--nats-version: `{given}` is not a version", hint="for example 2.12.8")
    return given
