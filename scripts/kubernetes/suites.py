"""What is played on real clusters: each suite starts from nothing, and its acts follow each other on the same releases.

The acts that are scenarios of `natsvalues rehearse` are run as a user runs them, with --contexts; acts.py has the
others.
"""

from __future__ import annotations

from typing import NamedTuple

STAND_IN = "stand-in"
NAMESPACE = "nats"
RELEASE = "nats"
UNSET = "unset"
"""For `sync`: the overlays leave it out, so the servers have their own default."""


class Act(NamedTuple):
    """One act: a scenario of `rehearse` or of acts.py, and the verdict that it must have.

    `server` is the version of the image from here on, `chart` the chart, and `sync` the overlays' `jetstream.sync`;
    `installs`: whether the act gets the chart and the overlays (else it takes the releases that are there); `region` is
    that of a one-region scenario.
    """

    name: str
    expect: str = "converged"
    server: str = ""
    chart: str = ""
    installs: bool = True
    region: str = ""
    sync: str = ""


class Suite(NamedTuple):
    """Clusters and what is played on them. `helm`: 3 or 4; `in_ci`: it is a part of every run of CI.

    `sync` is the overlays' `jetstream.sync`, or UNSET.
    """

    name: str
    summary: str
    acts: tuple[Act, ...]
    helm: int = 4
    server: str = "2.14.6"
    regions: tuple[str, ...] = ("us-east", "eu-west")
    scope: str = "supercluster"
    tls: bool = False
    chart: str = STAND_IN
    ttl: int = 30
    sync: str = "always"
    in_ci: bool = False

    @property
    def charts(self) -> tuple[str, ...]:
        """The charts of all acts."""
        return (self.chart, *(act.chart for act in self.acts if act.chart))


_DEADLOCK = (
    Act("plain-install", "stuck", installs=False),
    Act("open-by-hand", installs=False),
    Act("cold-restart", "stuck", installs=False),
    Act("rescue"),
    Act("cold-restart"),
)
_EVERY_DAY = (
    Act("first-install"),
    Act("cold-restart"),
    Act("cold-region", region="eu-west"),
    Act("rolling"),
    Act("server-lost"),
    Act("power-cut"),
)
_SHORT = (Act("first-install"), Act("cold-restart"), Act("power-cut"))
_THREE = ("us-east", "eu-west", "ap-south")

SUITES = (
    Suite("deadlock", "the chart alone deadlocks, and an upgrade with natsvalues rescues it", _DEADLOCK),
    Suite(
        "promise", "the deadlock, the rescue, a cold start and a power cut",
        (*_DEADLOCK[1:], Act("power-cut")), in_ci=True,
    ),
    Suite(
        "every-day", "what happens to two regions with Helm 4",
        (*_EVERY_DAY, Act("node-gone", region="eu-west"), Act("late-dns"), Act("rollback"), Act("forgotten")),
    ),
    Suite("deliveries", "a region changes its delivery, and back; its gateway keeps its Service ([how](delivery.md))",
          (Act("first-install"), Act("values-and-back"), Act("flux-and-back"))),
    Suite("deliveries-helm-3", "the same with Helm 3",
          (Act("first-install"), Act("values-and-back"), Act("flux-and-back")), helm=3),
    Suite("power-cuts", "a power cut with `jetstream.sync: always` in the overlays, and without",
          (Act("first-install"), Act("power-cut"), Act("power-cut", "lossy", sync=UNSET))),
    Suite("fast-dns", "a cold start where DNS remembers for five seconds only", _SHORT, ttl=5),
    Suite("own-meta-groups", "each region with a meta group of its own", _EVERY_DAY, helm=3, scope="region"),
    Suite("walk", "the stages in their order: one meta group", (Act("stage-walk"), Act("cold-restart"))),
    Suite("walk-own", "the stages in their order: a meta group in each region",
          (Act("stage-walk"), Act("cold-restart")), helm=3, scope="region"),
    Suite("three-regions", "three regions, and one that is gone",
          (*_SHORT, Act("node-gone", region="ap-south")), regions=_THREE),
    Suite("tls", "TLS between gateways, with certificates from Secrets", _SHORT, helm=3, tls=True),
    Suite("2.11", "nats-server 2.11, then an upgrade to 2.12",
          (*_SHORT, Act("upgrade", server="2.12.8")), helm=3, server="2.11.10"),
    Suite("2.12", "nats-server 2.12, then an upgrade to 2.14",
          (*_SHORT, Act("upgrade", server="2.14.6")), server="2.12.8"),
    Suite("2.15", "nats-server 2.15", _EVERY_DAY, server="2.15.1"),
    Suite("chart-upgrade", "from the upstream chart 1.3.16 to 2.14.2",
          (Act("first-install"), Act("upgrade", server="2.14.2", chart="nats-2.14.2/ha"), Act("cold-restart")),
          server="2.11.10", chart="nats-1.3.16/ha"),
    Suite("plan", "from nothing to two regions, a third, and more servers",
          (Act("plan-nothing"), Act("plan-third"), Act("plan-larger")), regions=_THREE),
    Suite("plan-fewer", "fewer servers, and a region leaves", (Act("plan-fewer"),), regions=_THREE),
    Suite("plan-own", "from nothing, a meta group in each region", (Act("plan-nothing-own"),), helm=3, scope="region"),
    Suite("plan-full", "one region with streams, and a new one", (Act("plan-full"),)),
    Suite("plan-full-2.12", "the same with nats-server 2.12", (Act("plan-full"),), server="2.12.8"),
    Suite("plan-full-2.15", "the same with nats-server 2.15", (Act("plan-full"),), server="2.15.1"),
    Suite("plan-single", "one server without a cluster, and a new region", (Act("plan-single"),)),
    Suite("plan-two-full", "two regions that both have streams", (Act("plan-two-full"),)),
    Suite("plan-careless", "a plan that is not followed with care", (Act("plan-careless"),)),
    Suite("upstream", "a rendering of the upstream chart", _EVERY_DAY, server="2.14.2", chart="nats-2.14.2/ha"),
)  # fmt: skip


def named(name: str) -> Suite:
    """The suite of a name. Raises KeyError."""
    return {suite.name: suite for suite in SUITES}[name]
