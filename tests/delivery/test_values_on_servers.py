"""Results that a server refused, or that differed from post-rendering, while the comparison called them equal."""

import os
import re
import shutil
import subprocess
import textwrap
import time

import pytest
import yaml

pytestmark = [pytest.mark.helm, pytest.mark.nats]

SERVER = "2.14.2"
LOCAL = """\
kind: Region
name: eu-west
stage: local
joins: empty
serverNames: {prefix: eu-west-}
gateway: {host: gw.example.com}
"""


@pytest.fixture
def overlays(tmp_path):
    """Write overlays of a region in stage local: `overlays(supercluster, more)` gives the folder."""

    def write(scope="scope: supercluster", more=""):
        folder = tmp_path / "overlays"
        folder.mkdir()
        (folder / "supercluster.yaml").write_text(f"kind: Supercluster\nname: acme\njetstream: {{{scope}}}\n")
        (folder / "eu-west.yaml").write_text(LOCAL + more)
        return folder

    return write


@pytest.fixture
def config_of(helm3, nats_chart, run, tmp_path):
    """Give the ConfigMap's files that helm renders with the region's values: `config_of(values, overlays)`."""

    def render(values, folder, chart=nats_chart):
        (tmp_path / "values.yaml").write_text(textwrap.dedent(values))
        words = ("eu-west", "-f", "values.yaml", "--overlays", folder, "--chart", chart, "-o", "region.yaml")
        run("natsvalues", "values", *words, env={"HELM_BIN": helm3}, check=True)
        rendered = run(helm3, "template", "nats", chart, "-f", "region.yaml", check=True).stdout
        objects = {(item["kind"], item["metadata"]["name"]): item for item in yaml.safe_load_all(rendered) if item}
        return objects["ConfigMap", "nats-config"]["data"]

    return render


@pytest.fixture
def starts(nats_server, tmp_path):
    """Start a server with a ConfigMap's files until it is ready; gives what it logs: `starts(files)`."""

    def start(files):
        for name, text in files.items():
            (tmp_path / name).write_text(re.sub(r'"(http_port|port|prof_port)": \d+', r'"\1": -1', text))
        conf = tmp_path / "nats.conf"
        moved = conf.read_text().replace("/data", str(tmp_path / "data")).replace("/var/run", str(tmp_path))
        conf.write_text(re.sub(r'"routes": \[[^]]*\]', '"routes": ["nats://127.0.0.1:1"]', moved))
        (tmp_path / "nats").mkdir(exist_ok=True)
        log = tmp_path / "server.log"
        command = [nats_server(SERVER), "-c", str(conf), "-a", "127.0.0.1", "-l", str(log)]
        server = subprocess.Popen(command, env=os.environ | {"SERVER_NAME": "eu-west-nats-0", "POD_NAME": "nats-0"})
        try:
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline and server.poll() is None:
                if log.exists() and "Server is ready" in log.read_text():
                    break
                time.sleep(0.05)
            return log.read_text() if log.exists() else ""
        finally:
            server.terminate()
            server.wait(20)

    return start


def test_a_system_account_comes_with_its_account(config_of, overlays, starts):
    """The account is an empty mapping beside the user's own accounts; without it the server does not start."""
    folder = overlays("scope: region", "systemAccount: SYS\n")
    files = config_of(
        """
        config:
          cluster: {enabled: true}
          jetstream: {enabled: true}
          merge: {accounts: {APP: {users: [{user: app, password: secret}], jetstream: enabled}}}
        """,
        folder,
    )
    assert '"system_account": "SYS"' in files["nats.conf"]
    assert "Server is ready" in starts(files)


def test_a_gateway_that_is_only_included_goes_in_stage_local(config_of, overlays, starts):
    """The block has no settings of its own; it is removed all the same, as post-rendering does."""
    files = config_of(
        """
        config:
          cluster: {enabled: true}
          jetstream: {enabled: true}
          merge: {gateway: {$include: ./gw.conf}}
        configMap: {merge: {data: {gw.conf: "port: -1\\n"}}}
        """,
        overlays(),
    )
    assert "gateway" not in files["nats.conf"]
    assert "Server is ready" in starts(files)


def test_another_charts_own_settings_count(config_of, nats_chart, overlays, tmp_path):
    """A chart that keeps the pid file elsewhere without a reloader: the region's own patches see what it renders."""
    chart = tmp_path / "chart"
    shutil.copytree(nats_chart, chart)
    template = chart / "templates" / "_volumes.tpl"
    template.write_text(template.read_text().replace('"/var/run/nats.pid"', '"/tmp/nats.pid"'))
    ops = "[{op: test, path: /pid_file, value: /tmp/nats.pid}, {op: add, path: /max_payload, value: 2097152}]"
    folder = overlays(more=f"patches: [{{target: {{file: nats.conf}}, why: larger messages, ops: {ops}}}]\n")
    files = config_of("{config: {cluster: {enabled: true}}, reloader: {enabled: false}}", folder, chart)
    assert '"pid_file": "/tmp/nats.pid"' in files["nats.conf"]
    assert '"max_payload": 2097152' in files["nats.conf"]
