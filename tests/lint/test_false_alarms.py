"""What lint reported of real setups that are in order, and does not any more."""

from __future__ import annotations

import pytest

from natsvalues.lint.linter import lint

pytestmark = pytest.mark.helm
IN_ORDER = {
    "PR001 LB001": """\
supercluster: {jetstream: {scope: region}}
us-east: {overlay: {joins: null, systemAccount: SYS-US}}
eu-west: {overlay: {joins: null, systemAccount: SYS-EU}}
container: {startupProbe: {httpGet: {path: /healthz}}}
service: {spec: {publishNotReadyAddresses: null}}""",
    "PR001 PR002 PR003 PR008": """\
container:
  image: nats:latest
  startupProbe: {httpGet: {path: '/healthz?js-server-only=true'}}
  readinessProbe: {httpGet: {path: '/healthz?js-server-only=true'}}
  livenessProbe: {httpGet: {path: '/healthz?js-server-only=true'}}
statefulSet: {spec: {podManagementPolicy: OrderedReady}}""",
    "LB008": """\
conf: {jetstream: null}
headless: {spec: {publishNotReadyAddresses: false}}""",
    "LB003": """\
clients:
  spec:
    type: NodePort
    ports: [{name: nats, port: 4222, targetPort: nats}, {name: gateway, port: 7222, targetPort: gateway}]""",
    "PR009": """\
container: {lifecycle: null}
statefulSet: {spec: {template: {spec: {terminationGracePeriodSeconds: 30}}}}""",
    "NM005": """\
text: {old: '"server_name": $SERVER_NAME', new: '"debug": false'}
container: {args: [--config, /etc/nats-config/nats.conf, --name, $(POD_NAME)]}""",
    "GW008": """\
us-east: {conf: {gateway: {gateways: [{name: eu-west, url: 'nats://nats-gateway.default.svc:7222'}]}}}""",
}


@pytest.mark.parametrize("rules", IN_ORDER)
def test_a_setup_that_is_in_order_has_no_such_finding(rules, stand_in, example_regions, tmp_path):
    """Each was an error, or a note, before."""
    report = lint(example_regions.subject(IN_ORDER[rules], stand_in, str(tmp_path)))

    assert set(rules.split()) & {finding.rule.id for finding in report.findings} == set()


def test_a_name_on_the_command_line_counts_as_the_servers_name(stand_in, example_regions, tmp_path):
    """`--name` wins over `server_name`: two regions with equal ones are reported."""
    same = "container: {args: [--config, /etc/nats-config/nats.conf, --name, $(POD_NAME)]}"
    report = lint(example_regions.subject(same, stand_in, str(tmp_path)))

    assert "NM003" in {finding.rule.id for finding in report.findings}


def test_a_probe_is_an_error_where_a_cold_start_hangs_and_a_warning_where_the_service_saves_it(
    stand_in, example_regions, tmp_path
):
    """One cure is enough to start; both are wanted."""
    strict = "container: {startupProbe: {httpGet: {path: /healthz}}}\n"
    for number, (example, severity) in enumerate(
        {strict: "warning", strict + "service: {spec: {publishNotReadyAddresses: null}}": "error"}.items()
    ):
        report = lint(example_regions.subject(example, stand_in, str(tmp_path / str(number))))
        assert {item.severity for item in report.findings if item.rule.id == "PR001"} == {severity}
