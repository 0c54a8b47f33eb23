"""Play a suite on clusters of its own: what is installed there, and each act as a command of its own.

Raises KeepingError, or PlayError where an act has no verdict.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, NamedTuple

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.append(os.path.join(ROOT, "tests"))

import binaries  # noqa: E402 - scripts are no package
import replay  # noqa: E402 - same
import trustme  # noqa: E402 - same
import yaml  # noqa: E402 - same
from keeping import dies_with_parent  # noqa: E402 - same
from regions import Names, Regions, kubectl, start  # noqa: E402 - same
from suites import NAMESPACE, RELEASE, STAND_IN, UNSET  # noqa: E402 - same

if TYPE_CHECKING:
    from parts import Parts
    from suites import Act, Suite

ACT_SECONDS = 900
_IMAGE = re.compile(r"^\s*(?:- )?image: \"?([^\s\"]+)", re.MULTILINE)
_SECRET = "gateway-tls"  # noqa: S105 - the name of a Secret


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


def charts_of(suite: Suite, folder: str, shared: str | None) -> dict[str, str] | None:
    """The folders of the suite's charts; None if this clone lacks a rendering of the upstream chart that it needs."""
    charts = {}
    for name in suite.charts:
        charts[name] = os.path.join(ROOT, "tests", "charts", "nats")
        if name != STAND_IN:
            rendering = os.path.join(shared or "", "rendered", f"{name}.yaml")
            if shared is None or not os.path.isfile(rendering):
                return None
            charts[name] = replay.write_chart(rendering, os.path.join(folder, name))
    return charts


def play(suite: Suite, charts: dict[str, str], out: str, built: Parts) -> list[Played]:
    """Start clusters, play all acts, and end the clusters; in `out` each act leaves a picture and its JSON."""
    os.makedirs(out, exist_ok=True)
    hosts = {_host(region): _address(number) for number, region in enumerate(suite.regions, 1)}
    begun = time.monotonic()
    regions = start(suite.regions, Names(hosts, suite.ttl), built)
    try:
        print(f"{suite.name}: clusters are up after {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
        folder = os.path.join(regions.folder, "suite")  # which goes with them
        os.mkdir(folder)
        return _Suite(suite, charts, regions, folder, out).play(built)
    finally:
        regions.leave()


def _host(region: str) -> str:
    return f"nats-gw-{region}.example.com"


def _address(number: int) -> str:
    return f"198.18.{number}.10"


class _Suite:
    def __init__(self, suite: Suite, charts: dict[str, str], regions: Regions, folder: str, out: str) -> None:
        self.suite = suite
        self.charts = charts
        self.chart = charts[suite.chart]
        self.regions = regions
        self.folder = folder
        self.out = out
        self.helm = binaries.fetch(f"helm{suite.helm}")

    def play(self, built: Parts) -> list[Played]:
        """Play the acts, one after the other, until one is not as expected."""
        self._prepare(built)
        played = []
        server, sync = self.suite.server, self.suite.sync
        for number, act in enumerate(self.suite.acts, 1):
            server = act.server or server
            self.chart = self.charts[act.chart] if act.chart else self.chart
            self._load(server)
            self._write_values(server)
            sync = act.sync or sync
            self._write_overlays(sync)
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
        os.makedirs(os.path.join(self.folder, "overlays"))
        self._write_values(self.suite.server)
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
                capture_output=True, text=True, check=True, env=self._environment(),
            ).stdout
            for chart in self.charts.values()
        ]  # fmt: skip
        return sorted({image for text in texts for image in _IMAGE.findall(text)})

    def _load(self, server: str) -> None:
        program = binaries.fetch(f"nats-server@{server}")
        for region in self.suite.regions:
            image = f"docker.io/library/nats:{server}-alpine"
            self.regions.load(region, image, program, "/usr/local/bin/nats-server")

    def _issue(self) -> None:
        """A certificate for each region's gateway, in a Secret, with the authority that all share."""
        authority = trustme.CA()
        for region in self.suite.regions:
            issued = authority.issue_cert(_host(region))
            files = {
                "tls.crt": b"".join(blob.bytes() for blob in issued.cert_chain_pems).decode(),
                "tls.key": issued.private_key_pem.bytes().decode(),
                "ca.crt": authority.cert_pem.bytes().decode(),
            }
            meta = {"name": _SECRET, "namespace": NAMESPACE}
            secret = {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "type": "kubernetes.io/tls",
                      "stringData": files}  # fmt: skip
            kubectl(self.regions, region, "apply", "-f", "-", stdin=json.dumps(secret))

    def _write_overlays(self, sync: str) -> None:
        shares = self.suite.scope == "supercluster"
        durable = {} if sync == UNSET else {"sync": sync}
        tls = {"tls": {"secret": _SECRET, "ca": {"key": "ca.crt"}}} if self.suite.tls else {}
        files: dict[str, dict[str, Any]] = {
            "supercluster": {"kind": "Supercluster", "name": "acme", "jetstream": {"scope": self.suite.scope} | durable}
            | ({"gateway": tls} if tls else {})
        }
        for number, region in enumerate(self.suite.regions, 1):
            own = {"joins": "seed" if number == 1 else "empty"} if shares else {"systemAccount": f"SYS-{region}"}
            files[region] = own | {
                "kind": "Region",
                "name": region,
                "stage": "join",
                "serverNames": {"prefix": f"{region}-"},
                "gateway": {"host": _host(region)},
                "loadBalancer": {"provider": "metallb", "addresses": [_address(number)]},
            }
        for name, value in files.items():
            self._write(f"overlays/{name}.yaml", value)

    def _write_values(self, server: str) -> None:
        """The values of the chart for natsvalues, and for each region those of the chart alone."""
        base = {
            "config": {"cluster": {"enabled": True},
                       "jetstream": {"enabled": True, "fileStore": {"pvc": {"size": "1Gi"}}}},
            "container": {"image": {"tag": f"{server}-alpine"}},
            "natsBox": {"enabled": False},
        }  # fmt: skip
        self._write("values.yaml", base)
        for number, region in enumerate(self.suite.regions, 1):
            others = [other for other in self.suite.regions if other != region]
            remotes = [{"name": other, "urls": [f"nats://{_host(other)}:7222"]} for other in others]
            gateway = {"name": region, "advertise": f"{_host(region)}:7222", "gateways": remotes}
            plain = {
                "config": {"cluster": {"merge": {"name": region}}, "serverNamePrefix": f"{region}-",
                           "gateway": {"enabled": True, "merge": gateway}},
                "service": {"ports": {"gateway": {"enabled": True}},
                            "merge": {"spec": {"type": "LoadBalancer", "loadBalancerIP": _address(number)}}},
            }  # fmt: skip
            self._write(f"plain-{region}.yaml", plain)

    def _path(self, name: str) -> str:
        return os.path.join(self.folder, name)

    def _write(self, name: str, value: Any) -> None:
        with open(self._path(name), "w", encoding="utf-8") as file:
            yaml.safe_dump(value, file)

    def _environment(self) -> dict[str, str]:
        path = f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"
        return {
            "PATH": path, "HOME": self.folder, "KUBECONFIG": self.regions.kubeconfig, "HELM_BIN": self.helm,
            "KUBECTL": binaries.fetch("kubectl"), "NATSVALUES_REGIONS": self.regions.folder, "LANG": "C.UTF-8",
        }  # fmt: skip

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
        begun = time.monotonic()
        done = subprocess.run(
            self.regions.operator(sys.executable, os.path.join(HERE, "play.py"), *words),
            capture_output=True, text=True, check=False, timeout=ACT_SECONDS, env=self._environment(), cwd=self.folder,
            preexec_fn=dies_with_parent,
        )  # fmt: skip
        if not done.stdout.startswith("{"):
            raise PlayError(f"{self.suite.name}, {act.name}: exit code {done.returncode}\n{done.stderr}{self._state()}")
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
                self.regions.operator(*command), check=True, capture_output=True, text=True, env=self._environment()
            )

    def _state(self) -> str:
        """What there is in the clusters, for whoever reads why an act failed."""
        return "".join(
            f"--- {region}\n{kubectl(self.regions, region, 'get', 'all', '-n', NAMESPACE)}"
            for region in self.suite.regions
        )
