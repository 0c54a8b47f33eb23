"""The first process of a region's node: mounts, network, then the servers of Kubernetes.

keeper.py starts it in namespaces of its own (mount, network, process, host name, IPC, cgroup) with a folder that
outlives it, as a machine's disks do: when it is killed, everything on the node is gone at once, as in a power cut.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import ssl
import subprocess
import sys
import time
from typing import NamedTuple, NoReturn

KUBERNETES = "198.18.0"
"""The network that joins the nodes: 198.18.0.N is the node of region N, 198.18.N.x its load balancers' addresses.
(198.18.0.0/15 is for tests of networks, RFC 2544.)"""
NOBODY = f"{KUBERNETES}.253"
DNS = "10.96.0.10"
PAUSE = "registry.k8s.io/pause:3.10"
API_PORT = 6443
_SECONDS = 90
_FOLDERS = ("/var/lib/kubelet", "/var/lib/containerd", "/var/lib/cni", "/var/log", "/etc/cni", "/opt")
"""Where the servers keep their data by default; on the node, folders of its own."""
_SYSCTLS = {"vm/overcommit_memory": 1, "vm/panic_on_oom": 0, "kernel/panic": 10, "kernel/panic_on_oops": 1}
"""What a kubelet wants of the kernel. They are settings of the whole machine, so files stand in front of them."""


class Settings(NamedTuple):
    """A node: its region, the numbers of all regions, its folder, and where the servers' programs are."""

    region: str
    numbers: dict[str, int]
    folder: str
    binaries: str

    @property
    def number(self) -> int:
        """The region's number."""
        return self.numbers[self.region]

    @property
    def address(self) -> str:
        """The node's address."""
        return f"{KUBERNETES}.{self.number}"

    def path(self, *names: str) -> str:
        """A path below the node's folder."""
        return os.path.join(self.folder, *names)

    @property
    def volumes(self) -> str:
        """The folder of the volumes, a file system whose power can be cut."""
        return self.path("volumes")

    @property
    def kubeconfig(self) -> str:
        """File of the kubeconfig with all rights."""
        return self.path("etc", "kubeconfig")

    @property
    def authority(self) -> str:
        """File of the API server's certificate, which is its own authority."""
        return self.path("certificates", "apiserver.crt")


def _run(*words: str) -> None:
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL)


def _mount(settings: Settings) -> None:
    _run("mount", "--make-rprivate", "/")
    _run("umount", "-R", "/sys/fs/cgroup")
    _run("mount", "-t", "sysfs", "sysfs", "/sys")
    _run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/sys/fs/cgroup")
    with open("/proc/self/cgroup", encoding="ascii") as file:
        hierarchies = [line.split(":")[1] for line in file]
    for controllers in filter(None, hierarchies):  # one without controllers is the unified one
        name = controllers.removeprefix("name=")
        options = f"none,{controllers}" if controllers != name else controllers
        os.mkdir(f"/sys/fs/cgroup/{name}")
        _run("mount", "-t", "cgroup", "-o", options, "cgroup", f"/sys/fs/cgroup/{name}")
    os.makedirs(settings.path("sysctl"), exist_ok=True)
    for name, wanted in _SYSCTLS.items():
        file = settings.path("sysctl", name.replace("/", "."))
        _write(file, f"{wanted}\n")
        _run("mount", "--bind", file, f"/proc/sys/{name}")
    _run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")  # empty after each start, as after a boot
    for folder in _FOLDERS:
        own = settings.path("root", folder[1:])
        os.makedirs(own, exist_ok=True)
        os.makedirs(folder, exist_ok=True)
        _run("mount", "--bind", own, folder)
    for folder in ("/run/lock", "/run/kubernetes", "/etc/cni/net.d", settings.path("log")):
        os.makedirs(folder, exist_ok=True)
    _write(settings.path("resolv.conf"), "")  # no name server but the cluster's own
    _run("mount", "--bind", settings.path("resolv.conf"), "/etc/resolv.conf")


def _connect(settings: Settings) -> None:
    """Bring up the network: nothing leads out of here but the link to the other regions, which leads nowhere else."""
    _run("ip", "link", "set", "lo", "up")
    _write("/proc/sys/net/ipv4/ip_forward", "1\n")
    end = time.monotonic() + _SECONDS
    while not os.path.exists("/sys/class/net/wan0"):
        if time.monotonic() > end:
            sys.exit("no link to the other regions")
        time.sleep(0.05)
    _run("ip", "addr", "add", f"{settings.address}/24", "dev", "wan0")
    _run("ip", "link", "set", "wan0", "up")
    for number in settings.numbers.values():
        if number != settings.number:
            _run("ip", "route", "add", f"198.18.{number}.0/24", "via", f"{KUBERNETES}.{number}")
    # kube-proxy refuses what goes to a Service without endpoints only on its way out, so there has to be one.
    _run("ip", "route", "add", "default", "via", NOBODY)


def _serve(settings: Settings) -> dict[str, subprocess.Popen[bytes]]:
    """Start the servers, in an order in which none ends because another is not there yet."""
    etcd, key = "unix:///run/kubernetes/etcd", settings.path("etc", "accounts.key")
    _write("/etc/cni/net.d/10-bridge.conflist", _bridge(settings.number))
    _write(settings.path("etc", "containerd.toml"), _CONTAINERD)
    _write(settings.path("etc", "kubelet.yaml"), json.dumps(_kubelet(settings)))
    _write(settings.path("etc", "proxy.yaml"), json.dumps(_proxy(settings)))
    servers = {
        "containerd": _spawn(settings, "containerd", "--config", settings.path("etc", "containerd.toml")),
        "etcd": _spawn(
            settings, f"{settings.binaries}/etcd", f"--data-dir={settings.path('etcd')}", "--unsafe-no-fsync",
            "--log-level=warn", f"--listen-client-urls={etcd}", f"--advertise-client-urls={etcd}",
            "--listen-peer-urls=unix:///run/kubernetes/peer", "--initial-cluster=default=unix:///run/kubernetes/peer",
            "--initial-advertise-peer-urls=unix:///run/kubernetes/peer",
        ),
        "kube-apiserver": _spawn(
            settings, f"{settings.binaries}/kube-apiserver", f"--etcd-servers={etcd}", "--bind-address=0.0.0.0",
            f"--secure-port={API_PORT}", f"--advertise-address={settings.address}", "--authorization-mode=Node,RBAC",
            f"--cert-dir={settings.path('certificates')}", f"--token-auth-file={settings.path('etc', 'tokens.csv')}",
            "--service-account-issuer=https://kubernetes.default.svc", f"--service-account-key-file={key}",
            f"--service-account-signing-key-file={key}", "--service-cluster-ip-range=10.96.0.0/16",
            "--kubelet-preferred-address-types=InternalIP", "--profiling=false",
        ),
    }  # fmt: skip
    _until_ready(settings, servers)
    ours, account_key = f"--kubeconfig={settings.kubeconfig}", f"--service-account-private-key-file={key}"
    for name, words in (
        ("kube-controller-manager", (account_key, f"--root-ca-file={settings.authority}",
                                     "--leader-elect=false", "--cert-dir=/run/kubernetes/manager")),
        ("kube-scheduler", ("--leader-elect=false", "--cert-dir=/run/kubernetes/scheduler")),
        ("kubelet", (f"--config={settings.path('etc', 'kubelet.yaml')}", f"--hostname-override={settings.region}",
                     f"--node-ip={settings.address}", "--cert-dir=/run/kubernetes/kubelet")),
    ):  # fmt: skip
        servers[name] = _spawn(settings, f"{settings.binaries}/{name}", ours, *words)
    proxy = f"--config={settings.path('etc', 'proxy.yaml')}"
    servers["kube-proxy"] = _spawn(settings, f"{settings.binaries}/kube-proxy", proxy)
    cloud = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cloud.py")
    servers["cloud"] = _spawn(settings, sys.executable, cloud, json.dumps(settings))
    return servers


def _spawn(settings: Settings, *command: str) -> subprocess.Popen[bytes]:
    name = "cloud" if command[0] == sys.executable else os.path.basename(command[0])
    path = os.environ["PATH"]
    with open(settings.path("log", f"{name}.log"), "ab") as log:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=settings.folder, start_new_session=True,
            env={"HOME": settings.folder, "PATH": path},
        )  # fmt: skip


def _until_ready(settings: Settings, servers: dict[str, subprocess.Popen[bytes]]) -> None:
    end = time.monotonic() + _SECONDS
    while not _is_ready(settings):
        for name, server in servers.items():
            if server.poll() is not None:
                sys.exit(f"{name} ended by itself, with code {server.returncode}")
        if time.monotonic() > end:
            sys.exit(f"the API server was not ready within {_SECONDS} s")
        time.sleep(0.2)


def _is_ready(settings: Settings) -> bool:
    with contextlib.suppress(OSError, http.client.HTTPException):  # no certificate yet, or nobody listens
        return request(settings, "GET", "/readyz")[0] == 200
    return False


def request(
    settings: Settings, method: str, path: str, body: object = None, content: str = "application/json"
) -> tuple[int, str]:
    """Ask the node's API server: the HTTP status and the text. Raises OSError, HTTPException."""
    context = ssl.create_default_context(cafile=settings.authority)
    connection = http.client.HTTPSConnection(settings.address, API_PORT, timeout=20, context=context)
    try:
        headers = {"Authorization": f"Bearer {token(settings)}", "Content-Type": content}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def token(settings: Settings) -> str:
    """The bearer token of the user with all rights."""
    with open(settings.path("etc", "tokens.csv"), encoding="ascii") as file:
        return file.read().split(",")[0]


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


_CONTAINERD = f"""
version = 2
oom_score = 0
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE}"
  disable_tcp_service = true
  restrict_oom_score_adj = true # to lower it takes CAP_SYS_RESOURCE, which a container may not have
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "/etc/cni/net.d"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
"""


def _bridge(number: int) -> str:
    pods = [[{"subnet": f"10.244.{number}.0/24"}]]
    bridge = {
        "type": "bridge", "bridge": "cni0", "isGateway": True, "isDefaultGateway": True, "ipMasq": True,
        "hairpinMode": True, "ipam": {"type": "host-local", "ranges": pods},
    }  # fmt: skip
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    return json.dumps({"cniVersion": "1.0.0", "name": "pods", "plugins": [bridge, ports]})


def _kubelet(settings: Settings) -> dict[str, object]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": settings.address,
        "failCgroupV1": False,
        "failSwapOn": False,
        "cgroupDriver": "cgroupfs",
        "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
        "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
        "authorization": {"mode": "AlwaysAllow"},
        "clusterDNS": [DNS],
        "clusterDomain": "cluster.local",
        "resolvConf": settings.path("resolv.conf"),
        "imageGCHighThresholdPercent": 100,  # the images were imported, and cannot be pulled again
        "evictionHard": {"memory.available": "1Mi", "nodefs.available": "0%", "imagefs.available": "0%",
                         "nodefs.inodesFree": "0%"},
    }  # fmt: skip


def _proxy(settings: Settings) -> dict[str, object]:
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "iptables",
        "hostnameOverride": settings.region,
        "clientConnection": {"kubeconfig": settings.kubeconfig},
        "clusterCIDR": f"10.244.{settings.number}.0/24",
        # All of these are settings of the machine's kernel, which a node with a network of its own may not change.
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
    }


def main(settings: Settings) -> NoReturn:
    """Be the node until killed; end, and with that end everything on it, when one of its servers has ended."""
    _run("hostname", settings.region)
    _mount(settings)
    _connect(settings)
    servers = {server.pid: name for name, server in _serve(settings).items()}
    _write(settings.path("serving"), "")
    while True:
        pid, status = os.wait()  # also those whose parent has ended: the first process inherits them
        if pid in servers:
            sys.exit(f"{servers[pid]} ended by itself, with code {os.waitstatus_to_exitcode(status)}")


if __name__ == "__main__":
    main(Settings(*json.loads(sys.argv[1])))
