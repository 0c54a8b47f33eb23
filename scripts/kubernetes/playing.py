"""Play a suite on clusters of its own: what is installed there, and each act as a command of its own.

Raises KeepingError, or PlayError where an act has no verdict.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, NamedTuple

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
import binaries  # noqa: E402 - scripts are no package
import tool_builds  # noqa: E402 - same
import trustme  # noqa: E402 - same
from inputs import SECRET, address, host, write_overlays, write_values  # noqa: E402 - same
from keeping import dies_with_parent  # noqa: E402 - same
from plan_walks import WALKS, write_inputs  # noqa: E402 - same
from regions import Names, Regions, kubectl, start  # noqa: E402 - same
from suites import NAMESPACE, RELEASE  # noqa: E402 - same

if TYPE_CHECKING:
    from collections.abc import Callable

    from parts import Parts
    from suites import Act, Suite

ACT_SECONDS = 900
WALK_SECONDS = 3000
_NAMED = 'mount --bind "$0" /etc/hosts && exec "$@"'
"""Names as DNS would know them, in the operator's own mount namespace."""
_IMAGE = re.compile(r"^\s*(?:- )?image: \"?([^\s\"]+)", re.MULTILINE)


class PlayError(Exception):
    """An act that has no verdict: it ended with an error."""


class Played(NamedTuple):
    """An act with its verdict: the scenario as `rehearse -o json` prints it, and the file of its timeline (SVG)."""

    act: Act
    scenario: dict[str, Any]
    picture: str

    @property
    def word(self) -> str:
        """`converged`, `stuck` or `lossy`."""
        return word_of(self.scenario)

    @property
    def is_expected(self) -> bool:
        """Whether it is the verdict that the act must have."""
        return self.word == self.act.expect


def word_of(scenario: dict[str, Any]) -> str:
    """The verdict of a scenario as `--expect` names it (`Outcome.word`)."""
    return "stuck" if scenario["verdict"] == "stuck" else "lossy" if scenario["lossy"] else "converged"


def play(
    suite: Suite, charts: dict[str, str], out: str, built: Parts, after: Callable[[Stage], None] | None = None
) -> list[Played]:
    """Start clusters, play all acts, and end the clusters; in `out` each act leaves a picture and its JSON.

    `after` is called before the end, if all verdicts are as expected.
    """
    os.makedirs(out, exist_ok=True)
    hosts = {host(region): address(number) for number, region in enumerate(suite.regions, 1)}
    begun = time.monotonic()
    regions = start(suite.regions, Names(hosts, suite.ttl), built)
    try:
        print(f"{suite.name}: clusters are up after {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
        folder = os.path.join(regions.folder, "suite")  # which goes with them
        os.mkdir(folder)
        stage = Stage(suite, charts, regions, folder, out)
        played = stage.play(built)
        if after is not None and played[-1].is_expected:
            after(stage)
        return played
    finally:
        regions.leave()


class Stage:
    """A suite on its clusters."""

    def __init__(self, suite: Suite, charts: dict[str, str], regions: Regions, folder: str, out: str) -> None:
        self.suite = suite
        self.charts = charts
        self.chart = charts[suite.chart]
        self.regions = regions
        self.folder = folder
        self.out = out
        self.helm = binaries.fetch(f"helm{suite.helm}")
        self.authority = trustme.CA()

    def play(self, built: Parts) -> list[Played]:
        """Play the acts, one after the other, until one is not as expected."""
        self._prepare(built)
        played = []
        server, sync = self.suite.server, self.suite.sync
        for number, act in enumerate(self.suite.acts, 1):
            server = act.server or server
            self.chart = self.charts[act.chart] if act.chart else self.chart
            self.load(server)
            write_values(self.suite, server, self.folder)
            sync = act.sync or sync
            write_overlays(self.suite, self._path("overlays"), sync)
            if act.name in WALKS:
                write_inputs(WALKS[act.name], self.suite, server, self.folder)
            played.append(self._act(number, act))
            if not played[-1].is_expected:
                break
        return played

    def _prepare(self, built: Parts) -> None:
        """What an administrator did before: namespaces, Secrets, overlays; and the images."""
        for region in self.suite.regions:
            kubectl(self.regions, region, "create", "namespace", NAMESPACE)
        if self.suite.tls:
            self._issue()
        write_values(self.suite, self.suite.server, self.folder)
        names = "".join(f"{address(number)} {host(region)}\n" for number, region in enumerate(self.suite.regions, 1))
        with open(self._path("hosts"), "w", encoding="ascii") as file:
            file.write("127.0.0.1 localhost\n" + names)
        program = os.path.join(built.reloader, "nats-server-config-reloader")
        for image in self._images():
            if "reloader" in image:
                for region in self.suite.regions:
                    self.regions.load(
                        region, f"docker.io/{image}", program, f"/usr/local/bin/{os.path.basename(program)}"
                    )

    def _images(self) -> list[str]:
        words = ["-f", self._path("values.yaml")]
        texts = [
            subprocess.run(
                [self.helm, "template", RELEASE, chart, *words],
                capture_output=True, text=True, check=True, env=self.environment(),
            ).stdout
            for chart in self.charts.values()
        ]  # fmt: skip
        return sorted({image for text in texts for image in _IMAGE.findall(text)})

    def load(self, server: str) -> None:
        """Bring a version of the server to all nodes."""
        program = binaries.fetch(f"nats-server@{server}")
        for region in self.suite.regions:
            image = f"docker.io/library/nats:{server}-alpine"
            self.regions.load(region, image, program, "/usr/local/bin/nats-server")

    def _issue(self) -> None:
        """A certificate for each region's gateway, in a Secret, with the authority that all share."""
        for region in self.suite.regions:
            files = self.certificate(region)
            meta = {"name": SECRET, "namespace": NAMESPACE}
            secret = {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "type": "kubernetes.io/tls",
                      "stringData": files}  # fmt: skip
            kubectl(self.regions, region, "apply", "-f", "-", stdin=json.dumps(secret))

    def certificate(self, region: str, name: str = "", days: int | None = None) -> dict[str, str]:
        """The files of a certificate for a region's gateway; for another name, or that ends in so many days."""
        ends = dt.datetime.now(dt.UTC) + dt.timedelta(days=days) if days is not None else None
        issued = self.authority.issue_cert(name or host(region), not_after=ends)
        return {
            "tls.crt": b"".join(blob.bytes() for blob in issued.cert_chain_pems).decode(),
            "tls.key": issued.private_key_pem.bytes().decode(),
            "ca.crt": self.authority.cert_pem.bytes().decode(),
        }

    def _path(self, name: str) -> str:
        return os.path.join(self.folder, name)

    def environment(self) -> dict[str, str]:
        """The variables of whoever works there: kubeconfig, helm, kubectl."""
        path = f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"
        return {
            "PATH": path, "HOME": self.folder, "KUBECONFIG": self.regions.kubeconfig, "HELM_BIN": self.helm,
            "KUBECTL": binaries.fetch("kubectl"), "NATSVALUES_REGIONS": self.regions.folder, "LANG": "C.UTF-8",
        }  # fmt: skip

    def _of_a_person(self) -> dict[str, str]:
        """The same with helm, kubectl and nats on PATH, and natsvalues installed as a plugin of helm."""
        programs = (self.helm, binaries.fetch("kubectl"), tool_builds.build("nats"))
        own = self.environment()
        own["PATH"] = ":".join([*map(os.path.dirname, programs), own["PATH"]])
        own["XDG_CONFIG_HOME"] = self._path("config")  # nats does not look at HOME
        subprocess.run(["natsvalues", "plugin", "install"], env=own, check=True, capture_output=True, text=True)
        return own

    # --- acts --------------------------------------------------------------------------------------------

    def _act(self, number: int, act: Act) -> Played:
        if number == 1 and not act.installs:
            self._install_plain()
        name = os.path.join(self.out, f"{self.suite.name}-{number}-{act.name}")
        contexts = ",".join(f"{region}={region}" for region in self.suite.regions)
        places = ",".join(f"{region}/{NAMESPACE}" for region in self.suite.regions)
        words = [
            "rehearse", f"--contexts={contexts}", f"--namespace={NAMESPACE}", f"--scenario={act.name}",
            f"--delete-pods={places}", "--output=json", f"--timeline={name}.svg", f"--expect={act.expect}",
        ]  # fmt: skip
        if act.installs:
            words += [
                f"--overlays={self._path('overlays')}",
                f"--chart={self.chart}",
                f"--values={self._path('values.yaml')}",
            ]
        words += [f"--region={act.region}"] if act.region else []
        program, environment, seconds = ["play.py", *words], self.environment(), ACT_SECONDS
        if act.name in WALKS:
            program, environment = ["plan_acts.py", act.name, self.suite.name, self.chart], self._of_a_person()
            seconds = WALK_SECONDS
        begun = time.monotonic()
        with open(f"{name}.log", "w+", encoding="utf-8") as log:
            done = subprocess.run(
                self.regions.operator(
                    "unshare", "--mount", "sh", "-c", _NAMED, self._path("hosts"),
                    sys.executable, os.path.join(HERE, program[0]), *program[1:],
                ),
                stdout=subprocess.PIPE, stderr=log, text=True, check=False, timeout=seconds, env=environment,
                cwd=self.folder, preexec_fn=dies_with_parent,
            )  # fmt: skip
            log.seek(0)
            said = log.read()
        if not done.stdout.startswith("{"):
            raise PlayError(f"{self.suite.name}, {act.name}: exit code {done.returncode}\n{said}{self._state()}")
        with open(f"{name}.json", "w", encoding="utf-8") as file:
            file.write(done.stdout)
        played = Played(act, json.loads(done.stdout)["scenarios"][0], f"{name}.svg")
        took = time.monotonic() - begun
        print(f"{self.suite.name}: {act.name}: {played.word} after {took:.0f} s", file=sys.stderr, flush=True)
        return played

    def _install_plain(self) -> None:
        """Install the chart without natsvalues, with gateways that are written by hand."""
        for region in self.suite.regions:
            command = [
                self.helm, "install", RELEASE, self.chart, f"--kube-context={region}", f"--namespace={NAMESPACE}",
                "-f", self._path("values.yaml"), "-f", self._path(f"plain-{region}.yaml"),
            ]  # fmt: skip
            subprocess.run(
                self.regions.operator(*command), check=True, capture_output=True, text=True, env=self.environment()
            )

    def _state(self) -> str:
        """What there is in the clusters, for whoever reads why an act failed."""
        return "".join(
            f"--- {region}\n{kubectl(self.regions, region, 'get', 'all', '-n', NAMESPACE)}"
            for region in self.suite.regions
        )
