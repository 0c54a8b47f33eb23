"""A diff that cannot see both sides says why, soon, and nothing else: no report, nothing on standard output."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import sys
import threading
import time

import pytest

pytestmark = [pytest.mark.helm, pytest.mark.kubectl]

VALUES = "config.cluster.enabled=true,config.jetstream.enabled=true,config.gateway.enabled=true"
CANARY = "canary-7Hq2"


@pytest.fixture(params=[3, 4], ids=["helm3", "helm4"])
def major(request):
    """Both majors of helm."""
    return request.param


@pytest.fixture
def fails(natsvalues, nats_chart, tmp_path):
    """Run a diff that has to fail: `fails(4, *words, env={...})` gives its standard error, with nothing left behind.

    A report file of an earlier run stays what it was, and every run has a password among its words.
    """

    def call(major, *words, env=None):
        report = tmp_path / "report.html"
        report.write_text("of an earlier run")
        words = words or ("nats", nats_chart)
        started = time.monotonic()
        done = natsvalues(
            major, "diff", *words, "--set", f"config.merge.authorization.password={CANARY}",
            "-o", "text", "-o", f"html={report}", env=env, timeout=90,
        )  # fmt: skip
        assert (done.returncode, done.stdout) == (1, "")
        assert report.read_text() == "of an earlier run"
        assert {name for name in os.listdir(tmp_path) if "report" in name} == {"report.html"}
        assert CANARY not in done.stderr
        assert time.monotonic() - started < 45
        return done.stderr

    return call


def test_rights_that_read_no_secrets(fails, install, limited_kubeconfig, major, natsvalues, nats_chart):
    """Helm keeps releases in Secrets: without them the error says what to ask for; with them reading is enough."""
    install(major, "nats")
    told = fails(major, env={"KUBECONFIG": limited_kubeconfig("reader")})
    assert "error[NV-H003]" in told
    assert "request `get` and `list` on Secrets" in told
    reading = {"KUBECONFIG": limited_kubeconfig("auditor")}
    words = ("diff", "nats", nats_chart, "--set", VALUES, "--no-post-renderer", "--live", "--detailed-exitcode")
    done = natsvalues(major, *words, env=reading)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_is_not_there(fails, install, major, natsvalues, nats_chart):
    """A release, a revision, a context, a kubeconfig and a chart that are not there: each by its name."""
    install(major, "nats")
    told = fails(major, "other", nats_chart)
    assert "error[NV-D002]: there is no release `other`" in told
    told = fails(major, "nats", "--revision=7")
    assert "error[NV-D002]: there is no release `nats` with revision 7" in told
    told = fails(major, "nats", nats_chart, "--kube-context=elsewhere")
    assert "elsewhere" in told
    assert "kubectl config get-contexts" in told
    assert "error[NV-H003]" in fails(major, env={"KUBECONFIG": "/nowhere"})
    assert "no-chart" in fails(major, "nats", "./no-chart.tgz")
    assert "error[NV-H001]: `helm` is not on PATH" in fails(major, env={"HELM_BIN": "", "PATH": alone()})
    told = fails(major, "nats", nats_chart, "--no-post-renderer", "--live", env={"KUBECTL": "", "PATH": alone()})
    assert "error[NV-K001]: `kubectl` is not on PATH" in told
    done = natsvalues(major, "diff", "other", nats_chart, "--allow-unreleased", "--no-post-renderer", "-o", "json")
    [first] = json.loads(done.stdout)["regions"]
    assert {item["op"] for item in first["objects"]} == {"add"}


@pytest.mark.parametrize("major", [3, 4])
def test_what_the_post_renderer_of_an_upgrade_refuses(fails, install, major, nats_chart, overlays):
    """Each helm says it in another way, Helm 4 not at all; diff gives the reason alone, once."""
    install(major, "nats")
    post = ["--post-renderer=natsvalues", "--post-renderer-args=--region=mars"]
    told = fails(major, "upgrade", "nats", nats_chart, *post, f"--post-renderer-args=--overlays={overlays('join')}")
    assert told.startswith(
        "error[NV-H003]: `helm template nats` failed: its post-renderer refuses\n"
        "error[NV-O003]: unknown region `mars`\n"
    )
    assert told.endswith("help: regions here: ap-south, eu-west, us-east\n")


def test_drift_that_may_not_be_read(cluster, fails, install, namespace, tmp_path, nats_chart):
    """Secrets may be read and nothing else: the release can be, the live objects cannot, and that is no 'no drift'."""
    install(4, "nats")
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "secrets"}}
    role["rules"] = [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list"]}]
    binding = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "secrets"}}
    binding["roleRef"] = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "secrets"}
    binding["subjects"] = [{"kind": "User", "name": "nobody", "apiGroup": "rbac.authorization.k8s.io"}]
    assert [namespace.create(item)[0] for item in (role, binding)] == [201, 201]
    config = json.loads(cluster.kubeconfig("admin", namespace.name))
    config["users"][0]["user"]["as"] = "nobody"
    path = tmp_path / "nobody.kubeconfig"
    path.write_text(json.dumps(config))
    told = fails(4, "nats", nats_chart, "--no-post-renderer", "--live", env={"KUBECONFIG": str(path)})
    assert "error[NV-K003]" in told
    assert "forbidden" in told


@pytest.fixture
def listening(cluster, namespace, tmp_path):
    """A server in the API server's place: `listening(handle)` gives the kubeconfig; `handle` gets each connection."""
    with contextlib.ExitStack() as ending:

        def start(handle):
            server = ending.enter_context(socket.create_server(("127.0.0.1", 0)))
            ending.callback(server.shutdown, socket.SHUT_RDWR)
            threading.Thread(target=accept, args=(server, handle, ending), daemon=True).start()
            config = json.loads(cluster.kubeconfig("admin", namespace.name))
            config["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{server.getsockname()[1]}"
            path = tmp_path / f"proxy-{server.getsockname()[1]}.kubeconfig"
            path.write_text(json.dumps(config))
            path.chmod(0o600)
            return {"KUBECONFIG": str(path)}

        yield start


def accept(server, handle, ending):
    """Give every connection to the handler, in a thread of its own."""
    with contextlib.suppress(OSError):
        while True:
            connection, _ = server.accept()
            ending.callback(connection.close)
            threading.Thread(target=handle, args=(connection,), daemon=True).start()


def test_a_server_that_never_answers(fails, listening, major, processes, until):
    """The time that helm gets is the user's to set; nothing of it lives on after that."""
    env = listening(lambda _: None) | {"NATSVALUES_HELM_SECONDS": "2", "DIFF_MARK": f"hanging-{major}-{os.getpid()}"}
    told = fails(major, env=env)
    assert "error[NV-H002]: `helm get` did not answer within 2 s" in told
    assert until(lambda: not processes(env["DIFF_MARK"]), 5), processes(env["DIFF_MARK"])


@pytest.mark.parametrize("passed", [0, 20_000])
def test_a_server_that_dies_in_the_middle(cluster, fails, install, listening, passed):
    """Cut off after so many bytes, in the handshake or in a body: an error, never half a release."""
    install(4, "nats")
    # Helm asks again and again, for half a minute.
    env = listening(lambda connection: passing(connection, cluster.port, passed)) | {"NATSVALUES_HELM_SECONDS": "4"}
    assert re.search(r"error\[NV-H00[23]\]: `helm get( all)?` (failed|did not answer within 4 s)", fails(4, env=env))


@pytest.mark.parametrize("end", ["closes", "hangs"])
def test_a_server_that_goes_before_the_live_objects(cluster, end, fails, install, listening, nats_chart, natsvalues):
    """The release is read whole, and then the server is gone: there is no report without its drift."""
    install(4, "nats")
    counting = Passing(cluster.port)
    words = ("nats", nats_chart, "--no-post-renderer")
    assert natsvalues(4, "diff", *words, env=listening(counting)).returncode == 0
    env = listening(Passing(cluster.port, counting.connections, hangs=end == "hangs"))
    told = fails(4, *words, "--live", env=env | {"NATSVALUES_HELM_SECONDS": "6"})
    assert re.search(r"error\[NV-K00[23]\]: `kubectl get` (failed|did not answer within 6 s)", told)


class Passing:
    """Passes connections on to a port; from the `most`-th on closes them at once, or lets them hang."""

    def __init__(self, port, most=1_000_000, *, hangs=False):
        self.port, self.most, self.hangs, self.connections = port, most, hangs, 0
        self.lock = threading.Lock()

    def __call__(self, connection):
        """Serve one connection."""
        with self.lock:
            self.connections += 1
            is_over = self.connections > self.most
        if not is_over:
            passing(connection, self.port, 1 << 30)
        elif not self.hangs:
            connection.close()


def passing(connection, port, size):
    """Pass a connection on, closing it after `size` bytes of answers."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)) as server:
        threading.Thread(target=pump, args=(connection, server), daemon=True).start()
        while size > 0 and (data := server.recv(min(size, 65536))):
            connection.sendall(data)
            size -= len(data)
    connection.close()


def pump(source, target):
    """Pass on what comes until one of both is closed."""
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)


def alone():
    """A PATH with natsvalues and nothing else of ours."""
    return os.path.dirname(sys.executable)
