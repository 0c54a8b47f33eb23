"""Tools of clouds: only commands that read, an end in time, a reason instead of an error, and no secret in it."""

from __future__ import annotations

import time

import pytest

from natsvalues.errors import InternalError
from natsvalues.outside.cloud_cli import CloudCli, is_reading, reason_of

LIST = ("aws", "elbv2", "describe-load-balancers")


@pytest.fixture
def tool(tmp_path, monkeypatch):
    """Put a program on PATH, alone: `tool("aws", "echo {}")`. Scripts find `sleep` and `touch` by their paths."""
    monkeypatch.setenv("PATH", str(tmp_path))

    def put(name, script):
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)
        return path

    return put


def test_a_command_runs_once_and_its_answer_is_json(tool, tmp_path):
    """Also when it is asked for twice, at once or later."""
    tool("aws", f"echo x >>{tmp_path}/runs; echo '{{\"LoadBalancers\": [1]}}'")
    cli = CloudCli()
    first, second = cli.ask([LIST, LIST])
    assert (first, second) == (cli.ask([LIST])[0], first)
    assert (first.command, first.value, first.reason) == (" ".join(LIST), {"LoadBalancers": [1]}, "")
    assert (tmp_path / "runs").read_text(encoding="utf-8") == "x\n"


def test_no_pager_no_question(tool):
    """A tool that would wait for a person gets nothing to wait for."""
    tool("aws", 'read answer; echo "{\\"pager\\": \\"$AWS_PAGER\\", \\"answer\\": \\"$answer\\"}"')
    (answer,) = CloudCli().ask([LIST])
    assert answer.value == {"pager": "", "answer": ""}


def test_what_hangs_ends(tool, processes, until):
    """Each command has a limit, and all together have one; nothing is left running."""
    tool("aws", "/bin/sleep 987654 & wait")
    begun = time.monotonic()
    cli = CloudCli(seconds=4, each=2)
    reasons = [answer.reason for answer in cli.ask([(*LIST, str(number)) for number in range(4)])]
    assert reasons == ["no answer within 2 s"] * 4
    time.sleep(max(0, 4.1 - (time.monotonic() - begun)))
    (late,) = cli.ask([LIST])
    assert late.reason == "the time for questions to the cloud was over"
    assert until(lambda: not processes("987654"), 5)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("exit 3", "the command failed: it printed nothing"),
        ("echo no JSON", "`aws` printed no JSON"),
        ("echo 'Unable to locate credentials' >&2; exit 253", "there are no valid credentials: Unable to locate "),
    ],
)
def test_a_failure_is_a_reason(tool, script, reason):
    """Never an error."""
    tool("aws", script)
    (answer,) = CloudCli().ask([LIST])
    assert answer.value is None
    assert answer.reason.startswith(reason)


def test_a_tool_that_is_not_there(tool):
    """Or that does not start."""
    (answer,) = CloudCli().ask([("gcloud", "compute", "forwarding-rules", "list")])
    assert answer.reason == "`gcloud` is not on PATH"
    tool("aws", "").write_bytes(b"#!/no/such/interpreter\n")
    (answer,) = CloudCli().ask([LIST])
    assert (
        answer.reason
        == "`aws` does not start: the program does not start: the interpreter in its first line does not exist"
    )


@pytest.mark.parametrize(
    "words",
    [
        ("aws", "elbv2", "delete-load-balancer"),
        ("aws", "elbv2", "describe-load-balancersx;"),
        ("aws", "s3", "ls"),
        ("gcloud", "compute", "forwarding-rules", "delete", "list"),
        ("az", "network", "lb", "delete"),
        ("az", "network", "lb", "listing"),
        ("oc", "delete", "route"),
        ("kubectl", "get", "pods"),
    ],
)
def test_what_could_write_is_not_run(tool, words, tmp_path):
    """A mistake of ours ends as one."""
    for name in ("aws", "gcloud", "az", "oc", "kubectl"):
        tool(name, f"/bin/touch {tmp_path}/ran")
    assert not is_reading(words)
    with pytest.raises(InternalError, match="NV-X006"):
        CloudCli().ask([words])
    assert not (tmp_path / "ran").exists()


ERRORS = {
    "An error occurred (AccessDenied) when calling the DescribeLoadBalancers operation: User: arn:aws:iam::1:user/x is "
    "not authorized": "the right to do this is missing: AccessDenied for DescribeLoadBalancers",
    "An error occurred (ExpiredToken) when calling the DescribeLoadBalancers operation: The security token included in "
    "the request is expired": "there are no valid credentials: ExpiredToken for DescribeLoadBalancers",
    "An error occurred (InvalidInstanceID.NotFound) when calling the DescribeInstances operation: The instance ID": (
        "the cloud does not have it: InvalidInstanceID.NotFound for DescribeInstances"
    ),
    'Could not connect to the endpoint URL: "https://elb.x.amazonaws.com/"': "the cloud cannot be reached",
    "You must specify a region. You can also configure your region": "no region is set",
    "ERROR: (gcloud.compute.forwarding-rules.list) You do not currently have an active account selected.": (
        "there are no valid credentials"
    ),
    "ERROR: (gcloud.compute.backend-services.describe) Could not fetch resource:\n"
    " - Required 'compute.backendServices.get' permission for 'projects/x'": "the right to do this is missing",
    "ERROR: Please run 'az login' to setup account.": "there are no valid credentials",
    "ERROR: (AuthorizationFailed) The client 'a' does not have authorization": "the right to do this is missing",
    "Error from server (Forbidden): routes.route.openshift.io is forbidden": "the right to do this is missing",
    "error: You must be logged in to the server (Unauthorized)": "there are no valid credentials",
    "Unable to connect to the server: dial tcp 127.0.0.1:9: connect: connection refused": "the cloud cannot be reached",
}


@pytest.mark.parametrize("printed", ERRORS)
def test_a_reason_says_what_to_do_about_it(printed):
    """In words of ours, whichever tool it was."""
    assert reason_of(printed).startswith(ERRORS[printed])


@pytest.mark.parametrize(
    "printed",
    [
        "An error occurred (SignatureDoesNotMatch) when calling the X operation: see\nx-amz-token:seeded-secret",
        "ERROR: token=seeded-secret is not accepted",
        "error: https://user:seeded-secret@host refused",
        "ERROR: password seeded-secret",
    ],
)
def test_a_reason_has_no_secret(printed):
    """Whatever the tool prints."""
    assert "seeded-secret" not in reason_of(printed)
