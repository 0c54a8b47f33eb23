"""What became of a case: started, rightly refused, refused for a reason to check, the user's own fault, or failed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from typing import TYPE_CHECKING, NamedTuple

from starts.case import FIRST
from starts.delivered import Crashed, Refused, Tool, delivered, plain, post_rendered, write
from starts.servers import Seen, Server, boot, boot_one

from natsvalues.errors import NatsvaluesError
from natsvalues.lint.linter import lint
from natsvalues.lint.subject import Subject, clusters_of
from natsvalues.manifests.chart import find_nats
from natsvalues.manifests.release import Release
from natsvalues.overlays.folder import load
from natsvalues.overlays.plan import plans
from natsvalues.rehearsal.reading import read_rendering
from natsvalues.supercluster.cold_start import elects_early, first_boot
from natsvalues.supercluster.region_state import Decision
from natsvalues.text.natsconf import ConfOp, edit

if TYPE_CHECKING:
    from starts.case import Case
    from starts.regions import Written

STARTED, RIGHTLY, CHECK, OWN, FAILED = "started", "refused rightly", "refused, to check", "not by natsvalues", "FAILED"
SHORT, SHORTER, PATIENCE, LONG = 6.0, 20.0, 30.0, 75.0


class Verdict(NamedTuple):
    """`result` is one of the words above; `why` says it in a line; `codes` are those of a refusal."""

    result: str
    why: str
    codes: tuple[str, ...] = ()
    seconds: float = 0.0


def judged(case: Case, tool: Tool) -> Verdict:
    """Render, post-render, start, and say what became of it."""
    try:
        rendered = plain(case, tool)
    except subprocess.CalledProcessError as error:
        return Verdict(OWN, f"helm refuses the values: {error.stderr.strip()[-200:]}")
    try:
        texts = delivered(case, case.overlays, tool)
        twice = _second_pass(case, texts, tool)
    except Refused as refused:
        return _refusal(case, refused, rendered)
    except Crashed as crash:
        return Verdict(FAILED, f"natsvalues: {crash}")
    if twice:
        return Verdict(FAILED, twice)
    return _started(case, texts, rendered, tool)


def _second_pass(case: Case, texts: dict[str, str], tool: Tool) -> str:
    """What a second pass changes, if anything."""
    if any("patches" in content for content in case.overlays.files.values()):
        return ""  # people's own patches may add something each time
    folder = write(case.overlays, os.path.join(tool.folder, "again"))
    for region, text in texts.items():
        try:
            again = post_rendered(text, folder, region)
        except Refused as refused:
            return f"a second pass over the output of {region} is refused: {refused.text.splitlines()[0]}"
        if case.way == "post-render" and again != text:
            return f"a second pass changes the output of {region}"
    return ""


# --- refusals -------------------------------------------------------------------------------------------------


def _refusal(case: Case, refused: Refused, rendered: str) -> Verdict:
    line = refused.text.strip().splitlines()[0]
    reasons = [case.excuses.get(code) for code in refused.codes]
    if all(reasons):
        return Verdict(RIGHTLY, f"{line} (asked for by {', '.join(map(str, reasons))})", refused.codes)
    fault = _fault(rendered)
    if fault:
        return Verdict(RIGHTLY, f"{line} (the unedited rendering: {fault})", refused.codes)
    proof = PROOFS.get(refused.codes[0])
    shown = proof(rendered) if proof else ""
    if shown:
        return Verdict(RIGHTLY, f"{line} (with the edit: {shown})", refused.codes)
    return Verdict(CHECK, refused.text.strip()[:700], refused.codes)


def _fault(rendered: str) -> str:
    """Why a server does not start with the unedited rendering; empty if it starts."""
    try:
        return boot_one(rendered, SHORT).reason
    except NatsvaluesError:  # a rehearsal cannot read it: the server's own test of the file
        return _tested(rendered)


def _tested(rendered: str) -> str:
    """What `nats-server -t` says against the file; empty if nothing."""
    release = Release(rendered)
    nats = find_nats(release, None, None)
    with tempfile.TemporaryDirectory() as folder:
        for name, text in nats.config_map.value["data"].items():
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(text)
        binary = os.path.join(os.environ["NATSVALUES_TOOLS"], f"nats-server-{nats.version}", "nats-server")
        command = [binary, "-t", "-c", os.path.join(folder, nats.config_key)]
        environment = {str(item["name"]): "1" for item in nats.env}
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20, env=environment)
    said = done.stderr.strip().splitlines()
    return said[-1].replace(folder, "") if done.returncode and said and "no such file" not in said[-1] else ""


def _with(rendered: str, *ops: ConfOp) -> str:
    """What a server says to the rendering with these edits of nats.conf; empty if it starts."""
    release = Release(rendered)
    nats = find_nats(release, None, None)
    before = nats.config_map.tree.text
    rows = nats.conf.splitlines()
    indent = next(line for line in before.splitlines() if line.strip() == rows[0].strip())
    margin = indent[: len(indent) - len(rows[0])]
    old = "\n".join(margin + row if row else "" for row in rows)
    new = "\n".join(margin + row if row else "" for row in edit(nats.conf, list(ops)).splitlines())
    if rendered.count(old) != 1:
        return ""
    return boot_one(rendered.replace(old, new), SHORT).fatal


PROOFS = {
    "NV-T060": lambda rendered: _with(rendered, ConfOp("add", ("gateway",), {"name": "us-east", "port": 7222})),
    "NV-T022": lambda rendered: _with(
        rendered, ConfOp("add", ("accounts",), {"SYS-us-east": {}}), ConfOp("add", ("system_account",), "SYS-us-east")
    ),
}
"""What natsvalues would have to write, tried on real servers, by the code of the refusal."""


# --- what was accepted ----------------------------------------------------------------------------------------


def _started(case: Case, texts: dict[str, str], rendered: str, tool: Tool) -> Verdict:
    try:
        unedited = boot_one(rendered, SHORT)
    except NatsvaluesError as error:
        return Verdict(
            CHECK, f"accepted, and a rehearsal cannot read the unedited rendering: {error.message}", (error.code,)
        )
    steps: tuple[dict[str, str], ...] = (texts,)
    if case.start != FIRST or _needs_an_order(case.overlays, texts):
        try:
            steps = (delivered(case, case.overlays.before(), tool), texts)
        except Refused as refused:
            return Verdict(CHECK, f"the stage before is refused: {refused.text.splitlines()[0]}", refused.codes)
    seen = boot(steps, PATIENCE)
    if seen.reason:
        fault = unedited.reason or (_apart(rendered) if not seen.fatal else "")
        if fault and _same(unedited.fatal, seen.fatal):
            return Verdict(OWN, f"the unedited rendering: {fault}; edited: {seen.reason}")
        seen = boot(steps, LONG) if not seen.fatal else seen  # a busy machine is no verdict
    if seen.reason:
        return Verdict(FAILED, seen.reason, (), seen.seconds)
    wrong = list(_wrong(case, unedited, seen))
    wrong += _linted(case, texts, rendered, tool)
    return Verdict(FAILED if wrong else STARTED, "; ".join(wrong), (), seen.seconds)


def _needs_an_order(written: Written, texts: dict[str, str]) -> bool:
    """Whether natsvalues itself says that a first boot of all servers at once is not the way to start."""
    states = []
    for region, text in texts.items():
        decision = Decision(written.scope, written.files[region].get("joins", ""))
        states.append(read_rendering(text, f"{region}.yaml").state._replace(decision=decision))
    return any(first_boot(state, states) or elects_early(state) for state in states)


def _same(fatal: str, other: str) -> bool:
    """Whether two servers ended for the same reason, wherever their files are, or neither did by itself."""
    said, too = (re.split(r"\[FTL\] |\.conf:\d+:\d+: |nats-server: ", text)[-1] for text in (fatal, other))
    return said == too


def _apart(rendered: str) -> str:
    """Why the servers of the unedited rendering do not converge; empty if they do."""
    try:
        return boot(({"unedited": rendered},), SHORTER).reason
    except NatsvaluesError:
        return ""


def _wrong(case: Case, unedited: Seen, seen: Seen) -> list[str]:
    """What the servers are and should not be."""
    wrong = []
    before = unedited.servers[0] if unedited.servers else None
    written = case.overlays
    names = [server.name for server in seen.servers]
    if len(set(names)) != len(names):
        wrong.append(f"servers have the same name: {', '.join(sorted(names))}")
    sizes = _sizes(written, case.setup.replicas)
    for server in seen.servers:
        wrong += _of_region(case, server, sizes)
        waits = _waits(written, server.region)
        if before and server.jetstream != (before.jetstream and not waits):
            wrong.append(f"JetStream of {server.name} is {'on' if server.jetstream else 'off'}")
        if before and server.login != before.login:
            wrong.append(f"an anonymous client is told {server.login} instead of {before.login}")
    return list(dict.fromkeys(wrong))


def _waits(written: Written, region: str) -> bool:
    """Whether a region's JetStream waits for the region to join."""
    empty = written.scope == "supercluster" and written.files[region].get("joins") == "empty"
    return empty and written.stage(region) != "join"


def _of_region(case: Case, server: Server, sizes: dict[str, int]) -> list[str]:
    """What is wrong with a server as one of its region: its names, its gateways, its routes, its meta group."""
    written = case.overlays
    has_routes = case.setup.clustered and case.excuses.get("NV-T060") != "routes-gone"
    stage, prefix = written.stage(server.region), written.files[server.region].get("serverNames", {}).get("prefix", "")
    wrong = []
    if not server.name.startswith(prefix):
        wrong.append(f"the name {server.name} has not the prefix of {server.region}")
    if server.cluster and case.setup.clustered and server.cluster != server.region:
        wrong.append(f"the cluster of {server.name} is called {server.cluster}")
    if server.gateway != ("" if stage == "local" else server.region):
        wrong.append(f"the gateway of {server.name} is called `{server.gateway}` in stage {stage}")
    if stage == "join" and not set(_joined(written)) - {server.region} <= set(server.gateways):
        wrong.append(f"{server.name} has gateways to {', '.join(server.gateways) or 'none'}")
    if server.jetstream and server.size and server.size != sizes[server.region]:
        wrong.append(f"{server.name} counts {server.size} servers of {sizes[server.region]}")
    if has_routes and server.routes < case.setup.replicas - 1:
        wrong.append(f"{server.name} has {server.routes} routes")
    return wrong


def _joined(written: Written) -> tuple[str, ...]:
    return tuple(name for name in written.regions if written.stage(name) == "join")


def _sizes(written: Written, replicas: int) -> dict[str, int]:
    """The servers of each region's meta group."""
    together = _joined(written) if written.scope == "supercluster" else ()
    return {name: replicas * (len(together) if name in together else 1) for name in written.regions}


def _linted(case: Case, texts: dict[str, str], rendered: str, tool: Tool) -> list[str]:
    """The errors of lint on what was accepted and started, without those that the unedited rendering has as well."""
    overlays = load(write(case.overlays, os.path.join(tool.folder, "linted")))
    region_plans = plans(overlays)
    clusters = [
        cluster
        for region, text in texts.items()
        for cluster in clusters_of(Release(text, f"{region}.yaml"), region, overlays, region_plans, region)
    ]
    own = clusters_of(Release(rendered, "unedited.yaml"), "unedited", None, {})
    known = {rule for rule, _ in _errors(Subject(None, {}, tuple(own), {}))}
    found = _errors(Subject(overlays, region_plans, tuple(clusters), {}))
    return [f"lint: {rule} {message}" for rule, message in found if rule not in known]


def _errors(subject: Subject) -> list[tuple[str, str]]:
    """The errors that lint finds: rule and message."""
    return [(item.rule.id, item.message) for item in lint(subject).findings if item.severity == "error"]


def shown(case: Case) -> str:
    """The case as a person repeats it: values and overlays."""
    return json.dumps(
        {"values": case.setup.values, "overlays": case.overlays.files, "way": case.way, "start": case.start}, indent=1
    )
