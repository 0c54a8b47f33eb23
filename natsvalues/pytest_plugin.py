"""A pytest fixture for people who test their own charts: render for a region, read objects, check against the rules.

pytest loads this module wherever natsvalues is installed, so it imports nothing else until the fixture is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple  # noqa: TID251  # ours would be one more module in every pytest

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from natsvalues.cli.lint_inputs import Inputs, Rendering
    from natsvalues.lint.linter import Report


class Rendered(NamedTuple):
    """A chart as it would be installed: rendered by helm, then by natsvalues if there are overlays."""

    renderings: tuple[Rendering, ...]
    wanted: Inputs
    report: Report

    @property
    def text(self) -> str:
        """The manifests, as Helm would get them; of all regions, if there are several."""
        return "".join(rendering.text for rendering in self.renderings)

    @property
    def objects(self) -> list[dict[str, Any]]:
        """Every object, in the order of the manifests."""
        from natsvalues.manifests.release import Release

        releases = [Release(rendering.text, rendering.file) for rendering in self.renderings]
        return [
            manifest.value for release in releases for manifest in release.manifests(release.numbers(), lambda _: True)
        ]

    def find(self, kind: str, name: str) -> dict[str, Any]:
        """The object of that kind and name; fails with a list of all objects if there is no such one."""
        objects = [(item.get("kind"), (item.get("metadata") or {}).get("name"), item) for item in self.objects]
        matches = [item for its_kind, its_name, item in objects if (its_kind, its_name) == (kind, name)]
        if len(matches) != 1:
            present = ", ".join(f"{its_kind}/{its_name}" for its_kind, its_name, _ in objects)
            pytest.fail(f"{len(matches)} objects are {kind}/{name}; there are: {present}", pytrace=False)
        return matches[0]

    @property
    def conf(self) -> dict[str, Any]:
        """The settings of nats.conf of a single region; `$VARIABLES` as text."""
        from natsvalues.report.plain_values import plain

        clusters = self.report.subject.clusters
        if len(clusters) != 1:
            pytest.fail(f"conf needs a single region, and {len(clusters)} were rendered", pytrace=False)
        settings: dict[str, Any] = plain(clusters[0].conf)
        return settings

    def rules(self) -> list[str]:
        """The ids of all findings, each once."""
        return sorted({finding.rule.id for finding in self.report.findings})

    def assert_clean(self, *, fail_on: str = "warning", ignore: Iterable[str] = ()) -> None:
        """Fail with the report unless all findings are below `fail_on`; rules to `ignore` by id or name."""
        from natsvalues.lint.rules import find_rule
        from natsvalues.report.findings_text import findings_text

        ignored = {find_rule(word).id for word in ignore}
        left = tuple(finding for finding in self.report.findings if finding.rule.id not in ignored)
        report = self.report._replace(findings=left)
        if report.reaches(fail_on):
            pytest.fail("\n" + findings_text(report), pytrace=False)


class Charts:
    """The value of the fixture `natsvalues`."""

    def render(  # noqa: PLR0913   # what helm template takes, by keyword
        self,
        chart: str,
        *,
        region: str | None = None,
        all_regions: bool = False,
        values: Iterable[str] = (),
        settings: dict[str, Any] | None = None,
        overlays: str | None = None,
        release: str = "nats",
        namespace: str | None = None,
        version: str | None = None,
    ) -> Rendered:
        """Render a chart; `values` are files (`{region}` stands for the region), `settings` what `--set` takes.

        Without overlays (none named, none in charts/overlays here or above) it is helm's own rendering. Fails
        with the error message of helm or natsvalues.
        """
        from natsvalues.cli.lint_inputs import Inputs, subject
        from natsvalues.cli.lint_render import Chart, renderings, values_files
        from natsvalues.errors import NatsvaluesError
        from natsvalues.lint.linter import lint
        from natsvalues.text.secrets import without_formats

        set_options = tuple(f"{key}={_set_value(value)}" for key, value in (settings or {}).items())
        wanted = Inputs(overlays=overlays, region=region)
        try:
            source = Chart(str(chart), tuple(map(str, values)), release, namespace, version, set_options)
            results = renderings(source, wanted, all_regions=all_regions)
            return Rendered(
                results, wanted, lint(subject(wanted, results, values_files(source, results)), region=region)
            )
        except NatsvaluesError as error:
            message = without_formats(str(error))
        pytest.fail(message, pytrace=False)


def _set_value(value: Any) -> str:
    """A value as helm's --set reads it."""
    return str(value).lower() if isinstance(value, bool) else "null" if value is None else str(value)


@pytest.fixture
def natsvalues() -> Charts:
    """Render charts for regions, and check them: `natsvalues.render("charts/nats", region="us-east")`."""
    return Charts()
