"""Which engines of an experiment are in memory together, decided before anything is started. Pure.

`experiment_engines.py` says what each engine takes and what there is, `experiment_runner.py` does what the plan says.
Engines are put, the largest first, into the first batch that has room: with six columns at most, hardly ever is there
a better way. Sizes in bytes, times in seconds.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from desktop_app.domain.experiment import Experiment, ExperimentKind
from desktop_app.services.compare_view import PlanState
from desktop_app.services.experiment_clock import Costs
from desktop_app.services.experiment_plan_words import missing_words, no_engine_words, plan_words

SLACK_BYTES = 256 << 20
"""Left over for every engine beside another; `serving` wants as much."""


@dataclass(frozen=True)
class Seat:
    """An engine, and what it takes of memory."""

    key: str
    """`ModelRef.key`."""
    name: str
    memory: int = 0
    """Of the computer's memory, or of each of its cards; 0 for a server elsewhere."""
    cards: int = 1
    """How many pools of `Room` it takes that of."""


@dataclass(frozen=True)
class Demand:
    """An engine that the experiment needs."""

    seat: Seat
    columns: tuple[int, ...]
    """The columns that it answers for."""
    running: bool = False
    """Whether it runs, with the very settings that are wanted."""
    seconds: float | None = 0.0
    """What its start takes; None when that is not known."""
    possible: bool = True
    """Whether there is anything installed that could start it."""
    alone: bool = False
    """Whether it found no room beside others before, whatever was planned."""


@dataclass(frozen=True)
class Room:
    """What there is for engines, were none of ours running."""

    pools: tuple[int, ...]
    """The computer's memory, or that of each card; empty when it is not known."""
    limit: int = 0
    """What all engines of the experiment may take together; 0 for no limit."""


@dataclass(frozen=True)
class Batch:
    """Engines that are in memory together, and what is stopped before they are started."""

    demands: tuple[Demand, ...]
    stops: tuple[str, ...] = ()
    """Keys of engines."""

    @property
    def columns(self) -> tuple[int, ...]:
        """The columns that are asked."""
        return tuple(column for demand in self.demands for column in demand.columns)


@dataclass(frozen=True)
class Plan:
    """What is going to happen, for people and for the runner."""

    state: PlanState
    batches: tuple[Batch, ...] = ()
    misfits: Mapping[str, str] = field(default_factory=dict)
    """Why an engine cannot run at all, in a sentence, by its key."""


@dataclass(frozen=True)
class Outlook:
    """Everything that a plan follows from."""

    demands: tuple[Demand, ...]
    """In the order of the columns."""
    others: tuple[Seat, ...]
    """Engines that run and that the experiment does not need."""
    stale: tuple[str, ...]
    """Keys of those that it needs with other settings than they run with."""
    room: Room


def make_plan(experiment: Experiment, outlook: Outlook, waiting: Mapping[int, int], costs: Costs) -> Plan:
    """What a run of *experiment* does.

    Args:
        experiment: its kind, options and the seed of its order count.
        outlook: its engines and the room for them.
        waiting: how many cells wait, by column; engines nobody waits for are left out.
        costs: what answers take.
    """
    room = outlook.room
    wanted = [demand for demand in outlook.demands if any(waiting.get(column) for column in demand.columns)]
    whys = {demand.seat.key: why for demand in wanted if (why := _why_not(demand, room))}
    grouped = _grouped([demand for demand in wanted if demand.seat.key not in whys], room)
    ordered = _in_order(grouped, experiment)
    batches = _with_stops(ordered, outlook)
    seconds = costs.of_plan([batch.demands for batch in batches], waiting) or 0.0
    taken = [sum(demand.seat.memory * demand.seat.cards for demand in batch.demands) for batch in batches]
    state = PlanState(
        plan_words([len(batch.demands) for batch in batches], taken, room.limit or sum(room.pools), seconds),
        tuple(batch.columns for batch in batches),
        seconds,
        " ".join(whys.values()),
        _stopped_names(batches, outlook),
    )
    return Plan(state, batches, whys)


def _why_not(demand: Demand, room: Room) -> str:
    """Why an engine cannot run at all, in a sentence; empty when it can."""
    if not demand.possible:
        return no_engine_words(demand.seat.name)
    return "" if fits([demand.seat], room) else missing_words(demand.seat.name, demand.seat.memory, _most(room))


def fits(seats: Sequence[Seat], room: Room, bystanders: Sequence[Seat] = ()) -> bool:
    """Whether *seats* and *bystanders*, engines to which the experiment's limit does not apply, have room together."""
    if room.limit and sum(seat.memory * seat.cards for seat in seats) > room.limit:
        return False
    together = [seat for seat in (*seats, *bystanders) if seat.memory]
    slack = SLACK_BYTES if len(together) > 1 else 0
    pools = [free + slack for free in room.pools]
    for seat in sorted(together, key=lambda seat: -seat.memory) if pools else ():
        pools.sort(reverse=True)
        needed = seat.memory + slack
        if len(pools) < seat.cards or pools[seat.cards - 1] < needed:
            return False
        pools[: seat.cards] = [free - needed for free in pools[: seat.cards]]
    return True


def _grouped(demands: Iterable[Demand], room: Room) -> list[list[Demand]]:
    """First fit: what runs already in front, then the largest."""
    groups: list[list[Demand]] = []
    for demand in sorted(demands, key=lambda one: (one.alone, not one.running, -one.seat.memory)):
        for group in groups:
            apart = (demand.alone and demand.seat.memory) or any(one.alone and one.seat.memory for one in group)
            if not apart and fits([one.seat for one in (*group, demand)], room):
                group.append(demand)
                break
        else:
            groups.append([demand])
    return groups


def _in_order(groups: list[list[Demand]], experiment: Experiment) -> list[list[Demand]]:
    """What runs comes first, since it need not be started; the rest is shuffled, except where people talk in turns."""
    first = [group for group in groups if any(demand.running for demand in group)]
    rest = [group for group in groups if group not in first]
    if experiment.options.shuffle and experiment.kind is ExperimentKind.PROMPTS:
        Random(f"batches {experiment.order_seed}").shuffle(rest)  # noqa: S311 - nobody is to be kept out
    return [*first, *rest]


def _with_stops(groups: list[list[Demand]], outlook: Outlook) -> tuple[Batch, ...]:
    """Each group with what must end before it: what was started for the one before, and what leaves it no room.

    What ran beforehand stays as long as there is room for it.
    """
    running = [*outlook.others, *(demand.seat for demand in outlook.demands if demand.running)]
    own = {demand.seat.key for demand in outlook.demands}
    started: list[str] = [*outlook.stale]
    batches: list[Batch] = []
    for planned in groups:
        stopped = {key for batch in batches for key in batch.stops}
        group = [_anew(demand) if demand.seat.key in stopped else demand for demand in planned]
        keys = {demand.seat.key for demand in group}
        staying = _beside(group, [seat for seat in running if seat.key not in keys], own, outlook.room)
        gone = [seat.key for seat in running if seat.key not in keys and seat not in staying]
        batches.append(Batch(tuple(group), (*started, *gone)))
        running = [*staying, *(demand.seat for demand in group if demand.running)]
        started = [demand.seat.key for demand in group if not demand.running]
    return tuple(batches)


def _anew(demand: Demand) -> Demand:
    """The same for an engine that ran, and was stopped to make room; nobody has asked what its start takes."""
    return replace(demand, running=False, seconds=None) if demand.running else demand


def _beside(group: Sequence[Demand], running: Sequence[Seat], own: set[str], room: Room) -> list[Seat]:
    """Those of the *running* engines that can stay beside *group*, the smallest first."""
    seats = [demand.seat for demand in group]
    crowded = any(demand.alone for demand in group)
    kept: list[Seat] = []
    for seat in sorted(running, key=lambda seat: (seat.memory, seat.key)):
        ours = [one for one in (*kept, seat) if one.key in own]
        theirs = [one for one in (*kept, seat) if one.key not in own]
        if not seat.memory or (not crowded and fits([*seats, *ours], room, theirs)):
            kept.append(seat)
    return kept


def _stopped_names(batches: Iterable[Batch], outlook: Outlook) -> tuple[str, ...]:
    """The names of engines that run now and will not any more."""
    seats = [*outlook.others, *(demand.seat for demand in outlook.demands)]
    running = {seat.key for seat in outlook.others} | {one.seat.key for one in outlook.demands if one.running}
    running |= set(outlook.stale)
    stopped = {key for batch in batches for key in batch.stops} & running
    return tuple(dict.fromkeys(seat.name for seat in seats if seat.key in stopped))


def _most(room: Room) -> int:
    """What the largest engine may take."""
    most = max(room.pools, default=0)
    return min(most, room.limit) if room.limit else most


def apart(outlook: Outlook, keys: Iterable[str]) -> Outlook:
    """The same, where the engines *keys* are to be in memory by themselves."""
    chosen = set(keys)
    demands = (replace(one, alone=True) if one.seat.key in chosen else one for one in outlook.demands)
    return replace(outlook, demands=tuple(demands))
