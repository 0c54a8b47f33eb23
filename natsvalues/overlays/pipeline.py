"""Apply the transforms to a release, and check every result against its operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jsonpatch

from natsvalues.errors import InternalError, NatsvaluesError
from natsvalues.manifests.release import FILENAME_ANNOTATION, Manifest, Release, ResourceKey
from natsvalues.manifests.server import ServerVersion, parse_version
from natsvalues.manifests.services import services_of
from natsvalues.manifests.settings import dials_others, gateway_listen, jetstream_is_on
from natsvalues.manifests.size import LIMIT, WORTH_MEASURING, stored_size
from natsvalues.manifests.stamps import REGION
from natsvalues.overlays.choice import nats_of
from natsvalues.overlays.conf_faults import conf_notices
from natsvalues.overlays.patches import Injection, Notice, Outcome, Patch, Receipt
from natsvalues.overlays.scene import Scene
from natsvalues.overlays.server_conf import line_of, placed, read_server_conf
from natsvalues.overlays.transforms import TRANSFORMS
from natsvalues.overlays.transforms.roll import roll
from natsvalues.overlays.transforms.stamps import RULE as STAMPS
from natsvalues.overlays.transforms.stamps import is_stamped, stamp_ops, stamps
from natsvalues.records import NamedTuple
from natsvalues.text.natsconf import ConfEditError, ConfOp, ConfSyntaxError, read, symbolic
from natsvalues.text.natsconf import edit as edit_conf
from natsvalues.text.natsconf import same as same_conf
from natsvalues.text.paths import Item, Op, Path, PathError, concrete, dotted, pointer, value_at
from natsvalues.text.yamledit import EditRefused, same
from natsvalues.text.yamlwrite import block

if TYPE_CHECKING:
    from natsvalues.manifests.chart import Nats
    from natsvalues.overlays.plan import Plan


class Edited(NamedTuple):
    """One document of the input and the operations applied to it.

    `operations` are RFC 6902 objects with concrete JSON Pointers. Applied to `before`, the document's
    value in the input, they give its value now; that is checked.
    """

    number: int
    before: Any
    operations: tuple[dict[str, Any], ...]


class Result(NamedTuple):
    """A post-rendered release, the changes in it, and the messages for the user."""

    release: Release
    receipts: tuple[Receipt, ...]
    notices: tuple[Notice, ...]
    nats: Nats
    plan: Plan
    edited: tuple[Edited, ...]


def render(release: Release, plan: Plan) -> Result:
    """Make every edit the region needs. Raises NatsvaluesError, and then there is no result at all."""
    nats = nats_of(release, plan)
    release.require_readable([len(release.chunks) - 1])  # a truncated stream is detected at its end
    return _Run(release, nats, plan).result()


class _Run:
    """One pass over one release."""

    def __init__(self, release: Release, nats: Nats, plan: Plan) -> None:
        self.release = release
        self.nats = nats
        self.plan = plan
        self.receipts: list[Receipt] = []
        self.notices: list[Notice] = []
        self.wire: dict[int, list[dict[str, Any]]] = {}
        self.before: dict[int, Any] = {}
        self.conf, findings = read_server_conf(release, nats)
        self.notices += findings
        self.had_jetstream = jetstream_is_on(self.conf)
        self.rendered = nats

    def result(self) -> Result:
        self._check_servers()
        for transform in TRANSFORMS:
            self._take(list(transform(self._scene())))
        for number, patch in enumerate(self.plan.region.patches):
            for index in range(len(patch.ops)):
                self._take_users(number, index)
        self._check_election()
        self.notices += conf_notices(self._scene(), self.rendered)
        self._take(list(roll(self._scene(), self.rendered.config_map)))
        self._stamp()
        self._verify()
        self._check_size()
        edited = [Edited(number, self.before[number], tuple(wire)) for number, wire in sorted(self.wire.items())]
        of_input = tuple(item for item in edited if item.number >= 0)
        return Result(self.release, tuple(self.receipts), tuple(self.notices), self.nats, self.plan, of_input)

    # --- reading ------------------------------------------------------------------------------------------

    def _version(self) -> ServerVersion:
        stated = self.plan.region.nats.version
        return (parse_version(stated) if stated else None) or self.nats.version

    def _scene(self) -> Scene:
        known = gateway_listen(self.conf) or self.plan.supercluster.gateway.port
        headless = str(self.nats.statefulset.value["spec"].get("serviceName") or "")
        words = [word for word in ("gateway", str(known), headless) if word]
        services = services_of(self.release, self.nats, *words)
        return Scene(self.release, self.nats, self.plan, self._version(), services, self.conf, self.had_jetstream)

    def _check_servers(self) -> None:
        stated = self.plan.region.servers
        replicas = self.nats.statefulset.value["spec"].get("replicas", 1)
        if stated is not None and stated != replicas:
            where = self.plan.positions.where("servers")
            at = self.release.where(self.nats.statefulset.line_of("spec", "replicas"), "spec.replicas")
            self.notices.append(
                Notice(
                    "warning",
                    f"the overlay has `servers: {stated}`, but the StatefulSet has `replicas: {replicas}`",
                    (where, at),
                    "set config.cluster.replicas in the chart's values, or servers in the overlay",
                )
            )

    def _check_election(self) -> None:
        is_one = self.nats.statefulset.value["spec"].get("replicas", 1) == 1
        if jetstream_is_on(self.conf) and (is_one or not dials_others(self.conf)):
            from natsvalues.overlays.election import require_election  # imported here because few regions need it

            require_election(self._scene())

    def _check_size(self) -> None:
        if sum(len(chunk.text) for chunk in self.release.chunks) < WORTH_MEASURING:
            return
        size = stored_size(self.release.pieces())
        if size > LIMIT * 6 // 10:
            known = "more than" if size > LIMIT else "about"
            self.notices.append(
                Notice(
                    "warning",
                    f"the release's manifests take {known} {min(size, LIMIT) // 1024} KiB of the 1 MiB that Helm can "
                    "store, and the chart is stored in the same Secret",
                    (self.release.where(1),),
                    "split the umbrella release; or keep large files out of the chart",
                )
            )

    # --- applying -----------------------------------------------------------------------------------------

    def _take(self, outcomes: list[Outcome]) -> None:
        for outcome in outcomes:
            if isinstance(outcome, Notice):
                self.notices.append(outcome)
            elif isinstance(outcome, Injection):
                self._inject(outcome)
            elif outcome.file:
                self._patch_conf(outcome)
            else:
                self._patch(outcome)

    def _take_users(self, number: int, index: int) -> None:
        """The user's operation; its errors name its place in the overlay first."""
        from natsvalues.overlays.transforms.user import (
            user_operation,
        )  # imported here because few overlays have patches

        try:
            self._take(list(user_operation(self._scene(), number, index)))
        except (PathError, EditRefused, ConfEditError) as error:
            error.where = (self.plan.positions.where("patches", number, "ops", index), *error.where)
            raise

    def _inject(self, injection: Injection) -> None:
        metadata = injection.value["metadata"]
        annotations = {**metadata.get("annotations", {}), **stamps(self.plan)}
        folder = self.nats.statefulset.source.rpartition("/")[0]
        source = f"{folder}/natsvalues/{injection.template}" if folder else ""
        by_helm_4 = FILENAME_ANNOTATION in self.nats.statefulset.annotations
        if by_helm_4:
            annotations[FILENAME_ANNOTATION] = source
        head = ["---"] if by_helm_4 or not source else ["---", f"# Source: {source}"]
        value = {**injection.value, "metadata": {**metadata, "annotations": dict(sorted(annotations.items()))}}
        text = "\n".join([*head, *block(value), ""])
        self.release, manifest = self.release.with_added(injection.after, text)
        reason = (injection.rule, injection.why, injection.source)
        self.receipts.append(Receipt(manifest.key, "", "add", "", None, value, None, *reason))

    def _patch(self, patch: Patch) -> None:
        manifest = self._current(patch.target)
        for op in patch.ops:
            manifest = self._apply(manifest, op, patch)
        self._keep(manifest)

    def _apply(self, manifest: Manifest, op: Op, patch: Patch) -> Manifest:
        try:
            steps = concrete(op.path, manifest.value)
            after = manifest.edited((op._replace(path=steps),))
        except (PathError, EditRefused) as error:
            lines = error.lines if isinstance(error, EditRefused) else (1,)
            field = f"{manifest.key}: {dotted(op.path)}"
            error.where = error.where or tuple(self.release.where(manifest.line + line - 1, field) for line in lines)
            raise
        if after is manifest:
            return manifest
        self.before.setdefault(manifest.number, manifest.value)
        wire = {"op": op.op, "path": pointer(steps)} | ({} if op.op == "remove" else {"value": op.value})
        self.wire.setdefault(manifest.number, []).append(wire)
        rendered = self.release.rendered(manifest.number)
        self.receipts.append(
            Receipt(
                patch.target,
                "",
                op.op,
                dotted(op.path if any(isinstance(part, Item) for part in op.path) else steps),
                value_at(manifest.value, steps),
                op.value,
                rendered.line_of(*steps) if rendered else None,
                patch.rule,
                patch.why,
                patch.source,
            )
        )
        return after

    def _patch_conf(self, patch: Patch) -> None:
        ops = [(op, _conf_path(self.conf, op.path)) for op in patch.ops]
        text = self.nats.conf
        try:
            edited = edit_conf(text, [ConfOp(op.op, path, op.value) for op, path in ops])  # type: ignore[arg-type]
        except ConfSyntaxError as error:
            raise placed(self.release, self.nats, error) from None
        except (ConfEditError, PathError) as error:
            error.where = (*error.where, self._scene().at_conf(dotted(ops[0][1])))
            raise
        if edited == text:
            return
        before = self.conf
        manifest = self._current(self.nats.config_map.key)
        self.before.setdefault(manifest.number, manifest.value)
        target = Op("replace", ("data", patch.file), edited)
        wire = {"op": "replace", "path": pointer(("data", patch.file)), "value": edited}
        self.wire.setdefault(manifest.number, []).append(wire)
        self._keep(manifest.edited((target,)))
        for op, path in ops:
            old, new = value_at(before, path), None if op.op == "remove" else op.value
            if op.op != "test" and not same_conf(old, new):
                self.receipts.append(
                    Receipt(
                        patch.target,
                        patch.file,
                        op.op,
                        dotted(path),
                        old,
                        new,
                        line_of(self.rendered, path),
                        patch.rule,
                        patch.why,
                        patch.source,
                    )
                )

    def _current(self, key: ResourceKey) -> Manifest:
        """The current document of a key. Transforms only name objects that exist.

        Raises NatsvaluesError (NV-E002) for two documents of one object: an edit of one could be lost.
        """
        if key == self.nats.statefulset.key:
            return self.nats.statefulset  # of two, find_nats refuses to choose
        matches = self.release.manifests(self.release.mentioning(key.kind, key.name), lambda item: item.key == key)
        if len(matches) > 1:
            raise NatsvaluesError(
                "NV-E002",
                f"the release has {key} {len(matches)} times, and it needs an edit",
                where=tuple(self.release.where(item.line, str(key)) for item in matches),
                hint="remove all but one: Helm does not install two objects of one name",
            )
        return matches[0]

    def _keep(self, manifest: Manifest) -> None:
        if self.release.manifest(manifest.number) is manifest:
            return
        self.release = self.release.with_changed(manifest)
        if manifest.number == self.nats.statefulset.number:
            self.nats = self.nats._replace(statefulset=manifest)
        elif manifest.number == self.nats.config_map.number:
            self.nats = self.nats._replace(config_map=manifest)
            self.conf = symbolic(read(self.nats.conf))

    # --- finishing ----------------------------------------------------------------------------------------

    def _stamp(self) -> None:
        stamped_before = self.release.manifests(self.release.mentioning(REGION), is_stamped)
        touched = [self.release.manifest(number) for number in (*self.release.changed, *self.release.added)]
        for manifest in {item.number: item for item in [*touched, *stamped_before] if item is not None}.values():
            patch = Patch(manifest.key, stamp_ops(self.plan, manifest), STAMPS, "marks objects that natsvalues changed")
            for op in patch.ops:
                manifest = self._apply(manifest, op, patch)  # noqa: PLW2901  # the document after each operation
            self._keep(manifest)

    def _verify(self) -> None:
        """The independent check: the jsonpatch library, applied to the old values, must give the new ones."""
        for number, wire in self.wire.items():
            manifest = self.release.manifest(number)
            expected = jsonpatch.apply_patch(self.before[number], wire)
            if manifest is None or not same(expected, manifest.value):
                raise InternalError(
                    "NV-X002", f"the edits of {manifest.key if manifest else number} had a wrong result"
                )


def _conf_path(conf: Any, path: Path) -> tuple[str | int, ...]:
    """A path into nats.conf with numbers for list indices, as far as the configuration reaches."""
    steps: list[str | int] = []
    for part in path:
        step = int(part) if isinstance(conf, list) and isinstance(part, str) and part.isdigit() else part
        steps.append(step if isinstance(step, int) else str(step))
        conf = value_at(conf, (steps[-1],))
    return tuple(steps)
