"""Build other projects' programs from their Go modules: `python scripts/tool_builds.py kpt` prints the folder.

The tools that no registry of packages has, for scripts/tools_suites.py, and `nats` for scripts/kubernetes_suites.py. A
module comes with the dependencies that its makers locked, and the digest of the module is pinned here: so is everything
that is built. What is built again when, says `go_build.py`; a build from cold takes 6 to 17 minutes on two cores.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from typing import NamedTuple

sys.path.append(os.path.dirname(os.path.abspath(__file__)))

import go_build
from go_build import BuildError, NoGoError

__all__ = ["PROGRAMS", "BuildError", "NoGoError", "Program", "build", "source"]


class Program(NamedTuple):
    """A program to build: its file's name, its module with version and digest (`h1:`, as in a go.sum), its package.

    `beside` are modules in other folders of its checkout, which its zip has not: their lines of go.sum, in the version
    that is built with.
    `without` is a module whose package and its uses in a file are left out, because the module proxy does not serve it.
    `stamp` is the variable that the linker gives the version.
    """

    name: str
    module: str
    version: str
    digest: str
    package: str = "."
    beside: tuple[str, ...] = ()
    without: tuple[str, str, str] | None = None
    stamp: str = ""


ENGINE = "github.com/argoproj/argo-cd/gitops-engine v0.0.0-20260914071520-c9c369efcc5b"
"""A folder of Argo CD's checkout; of its commits the module proxy has this one, from six weeks before 3.5.7."""
PROGRAMS = (
    Program(
        "source-controller", "github.com/fluxcd/source-controller", "1.9.1",
        "h1:FF8XTxLND/pXzVtUESKURUDiItFJQDZBZkbHvZimN8s=",
        beside=(
            "github.com/fluxcd/source-controller/api v1.9.1 h1:04Elx6/iFwgNOmrymfetaDfFFBqw5/LfoiTgyeLlrqQ=",
            "github.com/fluxcd/source-controller/api v1.9.1/go.mod h1:qO98L20gw0MvLpSPapJKypyxHP7PejmJN5KxWXxDjCA=",
        ),
    ),
    Program(
        "helm-controller", "github.com/fluxcd/helm-controller", "1.6.2",
        "h1:cEirkQjLFF721EomwtH5fHuhpiYCW9HkAje1HTzCTsM=",
        beside=(
            "github.com/fluxcd/helm-controller/api v1.6.2 h1:oH3kXfiSVDKB5Mmh7tF4ywC2yK1Ui7enjt7GKWJbTxM=",
            "github.com/fluxcd/helm-controller/api v1.6.2/go.mod h1:CaI5bHedusLcXYj1+pkd4RkSE8TtiEHI3ReHNsUySbg=",
        ),
    ),
    Program(
        "kustomize-controller", "github.com/fluxcd/kustomize-controller", "1.9.6",
        "h1:XB+G3A0mky0j5uVHZWv4oSlS2RvZBoNIUhstIvY0JKE=",
        beside=(
            "github.com/fluxcd/kustomize-controller/api v1.9.6 h1:7XiuW+l3YYXWeIwLJ8w34zHlJyMUEKosBIxLIki9J3I=",
            "github.com/fluxcd/kustomize-controller/api v1.9.6/go.mod h1:oRSEvNgNs07P6Tu3xtRigWxnxLkUCqatxbDv+gG3tLI=",
        ),
    ),
    Program(
        "argocd", "github.com/argoproj/argo-cd/v3", "3.5.7", "h1:Xm1BF+I5OgDKUG3SDK49vn2/Y5AMyaNVko+/JT08gj0=",
        package="./cmd",
        beside=(
            f"{ENGINE} h1:0tKOg3Fxd5cqVemntg63MqCjk7wqVV32vbVGWOGyhR8=",
            f"{ENGINE}/go.mod h1:RsOM4gdM/lsvAfIuzAhYrnHDTLA1AGooZRzVyxbVT3A=",
        ),
        stamp="github.com/argoproj/argo-cd/v3/common.version",
    ),
    Program(
        "kpt", "github.com/kptdev/kpt", "1.0.0-beta.61", "h1:uTMcRVmLnVTUUXS1PYoTbc0QEda8sL9J3ymU96RhMDk=",
        without=("github.com/kptdev/kpt/rollouts", "commands/alpha/rollouts", "commands/alpha/alphacmd.go"),
        stamp="github.com/kptdev/kpt/run.version",
    ),
    Program(
        "helmfile", "github.com/helmfile/helmfile", "1.8.0", "h1:coUoYKmxceeLbm4y43dJ1Dh3crrwniAx8LtBxPcu7+Y=",
        stamp="go.szostok.io/version.version",
    ),
    Program(
        "helm-diff", "github.com/databus23/helm-diff/v3", "3.9.11", "h1:Bp117seqhTojjeTy9cD+L4PL+Ptj1wpvDUkyVdIvGqA=",
        stamp="github.com/databus23/helm-diff/v3/cmd.Version",
    ),
    Program(
        "nats", "github.com/nats-io/natscli", "0.5.0", "h1:3DTd7Lt3GmaOxrB9V1upxE28JSu9bqa3QmsvadOsAkM=", "./nats",
        stamp="main.version",
    ),
)  # fmt: skip


def named(name: str) -> Program:
    """The program of a name. Raises KeyError."""
    return {program.name: program for program in PROGRAMS}[name]


def build(name: str) -> str:
    """Return the path of a program, building it first when it is not there: one of PROGRAMS, or `miniredis`."""
    return os.path.join(go_build.build(_module(name)), name)


def built(name: str) -> str | None:
    """The path of a program if it was built before."""
    module = _module(name)
    path = os.path.join(go_build.place(module, *go_build.find_go(module)), name)
    return path if os.path.isfile(path) else None


def _module(name: str) -> go_build.Module:
    if name == "miniredis":  # the Redis that `argocd --core` starts, as a program
        folder = os.path.join(go_build.ROOT, "scripts", name)
        version = go_build.version_in(folder, "github.com/alicebob/miniredis/v2")
        files = ("go.mod", "go.sum", "main.go")
        return go_build.Module(name, name, version, folder, files, (go_build.Binary(name, "."),), "", "half a minute")
    program = named(name)
    stamps = f"{go_build.STRIPPED} -X {program.stamp}={program.version}" if program.stamp else go_build.STRIPPED
    binaries = (go_build.Binary(name, program.package, stamps),)
    files, time = ("go.mod", "go.sum"), "6 to 17 minutes from cold, a minute with a warm cache"
    return go_build.Module(name, name, program.version, source(name), files, binaries, stamps, time)


def source(name: str) -> str:
    """Return the folder of a program's source, such as its custom resource definitions; fetched once into `.tools`."""
    program = named(name)
    tail = hashlib.sha256(repr(program).encode()).hexdigest()[:12]
    folder = os.path.join(go_build.tools(), f"{name}-{program.version}-source-{tail}")
    os.makedirs(go_build.tools(), exist_ok=True)
    with open(os.path.join(go_build.tools(), f".{name}-source.lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.isdir(folder):
            _fetch_into(folder, program)
    return folder


def _fetch_into(folder: str, program: Program) -> None:
    """Put the module in place in one rename, with a go.mod that needs nothing beside it."""
    with tempfile.TemporaryDirectory(dir=go_build.tools(), prefix=f".new-{program.name}-source-") as temporary:
        empty = go_build.Module(program.name, program.name, program.version, temporary, (), (), "", "")
        go, environment = go_build.find_go(empty)
        fetched = _json(
            [go, "mod", "download", "-json", f"{program.module}@v{program.version}"], temporary, environment
        )
        if fetched["Sum"] != program.digest:
            raise BuildError(
                f"{program.module} {program.version} has the digest {fetched['Sum']}, not {program.digest}"
            )
        whole = os.path.join(temporary, "source")
        shutil.copytree(fetched["Dir"], whole, copy_function=shutil.copyfile)
        os.chmod(whole, 0o755)  # noqa: S103 - Go's cache of modules is read-only
        for module, version, _ in (line.split() for line in program.beside):
            edits = [f"-dropreplace={module}", f"-require={module}@{version.removesuffix('/go.mod')}"]
            subprocess.run([go, "mod", "edit", *edits], cwd=whole, env=environment, check=True)
        if program.without:
            module, package, file_name = program.without
            subprocess.run([go, "mod", "edit", f"-droprequire={module}"], cwd=whole, env=environment, check=True)
            _leave_out(whole, package, file_name)
        with open(os.path.join(whole, "go.sum"), "a", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in program.beside)
        os.rename(whole, folder)


def _leave_out(whole: str, package: str, file_name: str) -> None:
    """Remove a package, and the lines of a file that name it."""
    shutil.rmtree(os.path.join(whole, package))
    path = os.path.join(whole, file_name)
    with open(path, encoding="utf-8") as file:
        lines = file.readlines()
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(line for line in lines if os.path.basename(package) not in line)


def _json(command: list[str], folder: str, environment: dict[str, str]) -> dict[str, str]:
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    try:
        answer: dict[str, str] = json.loads(done.stdout)
    except ValueError:
        raise BuildError(f"`{' '.join(command[:3])}` failed: {done.stderr.strip()}") from None
    if "Error" in answer:
        raise BuildError(answer["Error"].partition("\n")[0])
    return answer


def main(names: list[str]) -> int:
    """Build the named programs, or all."""
    failed = [go_build.main(lambda name=name: build(name)) for name in names or [item.name for item in PROGRAMS]]  # type: ignore[misc]
    return max(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
