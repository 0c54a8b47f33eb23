"""What people do next with a supercluster: moves, each a few commands in words, chosen at random.

A command is `PLACE VERB WORDS`: `edit FIELD=VALUE …` (a commit; place `-` is the supercluster's file), `drop` (delete
its files), `upgrade`, `plain` (helm upgrade, the post-renderer forgotten), `as REGION` (rendered for the wrong region),
`rollback REVISION`, `uninstall`, `restart` (rollout restart), `kill` (a power failure; place `-` is all regions).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from walks.git import PLACES, VERSIONS, Git, Region

if TYPE_CHECKING:
    import random


_JOINED, _NAMED = 0.6, 0.5


class Seen(NamedTuple):
    """What a person knows before the next move: Git, and how many revisions each release has."""

    git: Git
    revisions: dict[str, int]

    @property
    def installed(self) -> list[str]:
        """The regions that have a release."""
        return [place for place in self.git.regions if self.revisions.get(place)]

    @property
    def seed(self) -> str:
        """The region that Git calls the seed; the first one without any."""
        seeds = [place for place, region in self.git.regions.items() if region.joins == "seed"]
        return seeds[0] if seeds else next(iter(self.git.regions))


class Beginning(NamedTuple):
    """The version of all servers, how many each of two regions has, whether both have joined, and values have names."""

    version: str
    sizes: tuple[int, int]
    joined: bool = True
    named: bool = False


def beginning(dice: random.Random) -> Beginning:
    """A beginning at random."""
    sizes = dice.choice(((3, 3), (3, 3), (3, 1), (1, 1)))
    return Beginning(dice.choice(VERSIONS), sizes, dice.random() < _JOINED, dice.random() < _NAMED)


def start(name: str, begins: Beginning) -> tuple[Git, list[str]]:
    """Git and the commands with which a walk begins, by the name of its starting point."""
    version, sizes, joined, named = begins
    names = "yes" if named else ""
    first = Region(version, sizes[0], joins="seed", account="$SYS", names=names)
    other = Region(version, sizes[1], prefix="eu-west-", account="SYS-eu-west", names=names)
    both = {"us-east": first, "eu-west": other}
    if name == "standalone":
        alone = {"us-east": first._replace(replicas=1, cluster="off")}
        return Git("supercluster", alone), ["us-east plain"]
    if name == "one region":
        return Git("supercluster", {"us-east": first._replace(replicas=3)}), ["us-east plain"]
    if name == "exposed":
        stages = {place: region._replace(stage="expose") for place, region in both.items()}
        stages["us-east"] = stages["us-east"]._replace(replicas=3)
        return Git("supercluster", stages), ["us-east upgrade", "eu-west upgrade"]
    if name == "supercluster":
        commands = ["us-east upgrade", "us-east edit stage=join", "eu-west edit stage=join"]
        if sizes[0] == 1:  # one server alone never elects: both regions start together
            return Git("supercluster", both), [*commands[1:], "us-east upgrade", "eu-west upgrade"]
        return Git("supercluster", both), [*commands, "us-east upgrade", "eu-west upgrade"]
    if name == "region scope":
        both = {place: region._replace(replicas=3) for place, region in both.items()}  # one server never elects alone
        commands = ["us-east upgrade", "eu-west upgrade"]
        if joined:
            commands += ["us-east edit stage=join", "eu-west edit stage=join", "us-east upgrade", "eu-west upgrade"]
        return Git("region", both), commands
    raise ValueError(name)


STARTS = ("standalone", "one region", "exposed", "supercluster", "region scope")


def choose(dice: random.Random, seen: Seen) -> list[str]:
    """The next move."""
    moves, weights = zip(*_MOVES.items(), strict=True)
    while True:
        commands = dice.choices(moves, weights)[0](dice, seen)
        if commands:
            return commands


def _place(dice: random.Random, seen: Seen) -> str:
    return dice.choice(seen.installed or list(seen.git.regions))


def _other(dice: random.Random, present: str, choices: tuple[str, ...]) -> str:
    """One of the choices that is not the present one."""
    return dice.choice([choice for choice in choices if choice != present])


def _edited(place: str, **fields: str) -> list[str]:
    words = " ".join(f"{name}={text}" for name, text in fields.items())
    return [f"{place} edit {words}", f"{place} upgrade"]


def _advance(dice: random.Random, seen: Seen) -> list[str]:
    """The next step of the documented way: a cluster, each region to expose, the seed to join, then the others."""
    single = [place for place in seen.installed if seen.git.regions[place].cluster == "off"]
    if single:
        return _edited(single[0], cluster="on", replicas=dice.choice(("1", "3")))
    stages = {place: region.stage for place, region in seen.git.regions.items()}
    order = [seen.seed, *(place for place in stages if place != seen.seed)]
    if seen.git.scope == "region" or len(stages) == 1:
        behind = [place for place in order if stages[place] == "local"]
        if behind:
            return _edited(behind[0], stage="expose")
    missing = [place for place in order if not seen.revisions.get(place)]
    if missing:
        return _edited(missing[0], stage="expose")
    if all(stage == "join" for stage in stages.values()):
        return []
    return [*(f"{place} edit stage=join" for place in order), *(f"{place} upgrade" for place in order)]


def _join(dice: random.Random, seen: Seen) -> list[str]:
    """All to stage join, in any order; sometimes one upgrade is forgotten."""
    order = dice.sample(list(seen.git.regions), len(seen.git.regions))
    upgraded = order if dice.random() < 0.7 else order[:-1]
    return [*(f"{place} edit stage=join" for place in order), *(f"{place} upgrade" for place in upgraded)]


def _stage(dice: random.Random, seen: Seen) -> list[str]:
    place = dice.choice(list(seen.git.regions))
    return _edited(place, stage=_other(dice, seen.git.regions[place].stage, ("local", "expose", "join")))


def _upgrade(dice: random.Random, seen: Seen) -> list[str]:
    return [f"{dice.choice(list(seen.git.regions))} upgrade"]


def _forget(dice: random.Random, seen: Seen) -> list[str]:
    """The post-renderer is forgotten; mostly somebody notices and upgrades again."""
    place = dice.choice(list(seen.git.regions))
    return [f"{place} plain", *([f"{place} upgrade"] if dice.random() < 0.6 else [])]


def _wrong(dice: random.Random, seen: Seen) -> list[str]:
    place = _place(dice, seen)
    others = [key for key in seen.git.regions if key != place]
    return [f"{place} as {dice.choice(others)}"] if others else []


def _rollback(dice: random.Random, seen: Seen) -> list[str]:
    place = _place(dice, seen)
    many = seen.revisions.get(place, 0)
    return [f"{place} rollback {dice.randint(max(1, many - 4), many - 1)}"] if many > 1 else []


def _replicas(dice: random.Random, seen: Seen) -> list[str]:
    place = _place(dice, seen)
    return _edited(place, replicas=_other(dice, str(seen.git.regions[place].replicas), ("1", "3", "3", "5")))


def _prefix(dice: random.Random, seen: Seen) -> list[str]:
    place = _place(dice, seen)
    return _edited(place, prefix=_other(dice, seen.git.regions[place].prefix, ("", f"{place}-", "new-")))


def _account(dice: random.Random, seen: Seen) -> list[str]:
    place = _place(dice, seen)
    if seen.git.scope == "supercluster":
        return []
    return _edited(place, account=_other(dice, seen.git.regions[place].account, ("$SYS", f"SYS-{place}", "SYS-other")))


def _domain(dice: random.Random, seen: Seen) -> list[str]:
    place = _place(dice, seen)
    return _edited(place, domain=_other(dice, seen.git.regions[place].domain, ("", "hub", place)))


def _scope(dice: random.Random, seen: Seen) -> list[str]:
    """The other scope, and every region is upgraded."""
    other = "region" if seen.git.scope == "supercluster" else "supercluster"
    order = dice.sample(seen.installed, len(seen.installed))
    accounts = [f"{place} edit account={dice.choice(('$SYS', f'SYS-{place}'))}" for place in order]
    return [*accounts, f"- edit scope={other}", *(f"{place} upgrade" for place in order)]


def _version(dice: random.Random, seen: Seen) -> list[str]:
    """Another version up or down, of one region or all."""
    places = seen.installed if dice.random() < 0.5 else [_place(dice, seen)]
    version = _other(dice, seen.git.regions[places[0]].version, VERSIONS)
    return [command for place in places for command in _edited(place, version=version)]


def _joins(dice: random.Random, seen: Seen) -> list[str]:
    """Another region becomes the seed."""
    others = [key for key in seen.git.regions if key != seen.seed]
    if not others or seen.git.scope == "region":
        return []
    place = dice.choice(others)
    edits = [f"{key} edit joins={'seed' if key == place else 'empty'}" for key in seen.git.regions]
    return [*edits, *(f"{key} upgrade" for key in dice.sample(seen.installed, len(seen.installed)))]


def _store(dice: random.Random, seen: Seen) -> list[str]:
    place = _place(dice, seen)
    stores = ("data", "below", "moved", "none", "small")
    return _edited(place, store=_other(dice, seen.git.regions[place].store, stores))


def _add(dice: random.Random, seen: Seen) -> list[str]:
    """A region more, at once in stage join, the others upgraded before or after it."""
    absent = [place for place in PLACES if place not in seen.git.regions]
    if not absent:
        return []
    version = seen.git.regions[seen.seed].version
    stage = dice.choice(("local", "expose", "join"))
    edit = f"{absent[0]} edit version={version} replicas={dice.choice((1, 3))} stage={stage}"
    others = [f"{place} upgrade" for place in seen.installed]
    return [edit, f"{absent[0]} upgrade", *others] if dice.random() < 0.4 else [edit, *others, f"{absent[0]} upgrade"]


def _take_away(dice: random.Random, seen: Seen) -> list[str]:
    """A region less, for good or to be installed again."""
    place = _place(dice, seen)
    if dice.random() < 0.4:
        return [f"{place} uninstall", f"{place} upgrade"]
    others = [f"{key} upgrade" for key in seen.installed if key != place]
    if not others:
        return []
    return [f"{place} uninstall", f"{place} drop", *(others if dice.random() < 0.7 else [])]


def _restart(dice: random.Random, seen: Seen) -> list[str]:
    return [f"{_place(dice, seen)} restart"]


def _kill(dice: random.Random, seen: Seen) -> list[str]:
    return [dice.choice(("- kill", f"{_place(dice, seen)} kill"))]


_MOVES = {
    _advance: 12,
    _join: 3,
    _stage: 5,
    _upgrade: 1,
    _forget: 4,
    _wrong: 2,
    _rollback: 5,
    _replicas: 4,
    _prefix: 2,
    _account: 2,
    _domain: 2,
    _scope: 2,
    _version: 5,
    _joins: 2,
    _store: 3,
    _add: 3,
    _take_away: 2,
    _restart: 2,
    _kill: 2,
}
