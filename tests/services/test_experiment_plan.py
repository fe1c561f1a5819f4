"""Which engines are in memory together, in which order cells are asked, and how long that takes."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from desktop_app.domain.experiment import (
    CellHead,
    CellState,
    Column,
    Experiment,
    ExperimentKind,
    Options,
    Pace,
    Prompt,
)
from desktop_app.domain.launch import ModelRef
from desktop_app.services.experiment_clock import Costs
from desktop_app.services.experiment_order import waves
from desktop_app.services.experiment_plan import (
    SLACK_BYTES,
    Demand,
    Outlook,
    Plan,
    Room,
    Seat,
    apart,
    fits,
    make_plan,
)

_GIB = 1 << 30
_COLUMNS = tuple(Column(number, ModelRef(f"model {number}", address=f"http://h/{number}")) for number in range(1, 7))
_EXPERIMENT = Experiment(1, "Test", ExperimentKind.PROMPTS, _COLUMNS, options=Options(shuffle=False))


def demand(number: int, gib: float, *, running: bool = False, cards: int = 1, seconds: float | None = 10.0) -> Demand:
    seat = Seat(f"key{number}", f"model {number}", int(gib * _GIB), cards)
    return Demand(seat, (number,), running, 0.0 if running else seconds)


def other(name: str, gib: float) -> Seat:
    return Seat(name, name, int(gib * _GIB))


def plan(
    demands: Sequence[Demand],
    gib: float,
    limit: float = 0,
    others: Sequence[Seat] = (),
    experiment: Experiment = _EXPERIMENT,
    stale: Sequence[str] = (),
) -> Plan:
    room = Room((int(gib * _GIB),), int(limit * _GIB))
    outlook = Outlook(tuple(demands), tuple(others), tuple(stale), room)
    waiting = {column: 10 for demand in demands for column in demand.columns}
    return make_plan(experiment, outlook, waiting, Costs(4))


@pytest.mark.parametrize("count", [2, 3, 4, 5, 6])
def test_what_fits_is_in_memory_together(count: int) -> None:
    made = plan([demand(number, 1) for number in range(1, count + 1)], gib=count * 1.25)
    assert made.state.batches == (tuple(range(1, count + 1)),)
    who = "Both" if count == 2 else f"All {['', '', '', 'three', 'four', 'five', 'six'][count]}"
    assert made.state.words == f"{who} fit into memory together ({count}.0 GB of {count * 1.25:.1f} GB)."


@pytest.mark.parametrize("count", [2, 3, 4, 5, 6])
def test_where_only_one_fits_each_has_its_turn(count: int) -> None:
    made = plan([demand(number, 2) for number in range(1, count + 1)], gib=3)
    assert made.state.batches == tuple((number,) for number in range(1, count + 1))
    assert made.state.words == "Memory holds one of them at a time: they run one after another."
    assert [batch.stops for batch in made.batches] == [(), *((f"key{number}",) for number in range(1, count))]


def test_the_largest_first_and_the_small_ones_where_there_is_room() -> None:
    made = plan([demand(1, 1), demand(2, 5), demand(3, 4), demand(4, 1.5)], gib=7)
    assert made.state.batches == ((2, 4), (3, 1))
    assert made.state.words.startswith("Memory holds at most two of them at a time")


def test_a_limit_holds_even_where_more_is_free() -> None:
    demands = [demand(1, 2), demand(2, 2)]
    assert plan(demands, gib=64, limit=4).state.batches == ((1, 2),)
    assert plan(demands, gib=64, limit=3).state.batches == ((1,), (2,))


def test_one_that_never_fits_is_told_and_the_others_go_on() -> None:
    made = plan([demand(1, 9), demand(2, 2), demand(3, 2)], gib=5)
    assert made.state.batches == ((2, 3),)
    assert made.state.warning == "model 1 needs about 9.0 GB, and it may take 5.0 GB at most."
    assert list(made.misfits) == ["key1"]
    assert plan([demand(1, 9)], gib=64, limit=3).state.warning.endswith("it may take 3.0 GB at most.")


def test_servers_elsewhere_take_no_memory() -> None:
    made = plan([demand(1, 0), demand(2, 0), demand(3, 2)], gib=2)
    assert made.state.batches == ((3, 1, 2),)
    assert plan([demand(1, 0), demand(2, 0)], gib=2).state.words == "Nothing has to be started here."


def test_columns_that_share_an_engine_count_once() -> None:
    shared = replace(demand(1, 2), columns=(1, 2, 3))
    made = plan([shared], gib=3)
    assert made.state.batches == ((1, 2, 3),)
    assert made.state.words == "One engine is needed (2.0 GB of 3.0 GB)."


def test_without_knowing_the_memory_everything_is_tried() -> None:
    outlook = Outlook((demand(1, 9), demand(2, 9)), (), (), Room(()))
    made = make_plan(_EXPERIMENT, outlook, {1: 1, 2: 1}, Costs(4))
    assert made.state.batches == ((1, 2),)
    assert made.state.words == "Both fit into memory together."


def test_what_runs_comes_first_and_stays_as_long_as_there_is_room() -> None:
    demands = [demand(1, 3), demand(2, 2), demand(3, 1, running=True)]
    made = plan(demands, gib=4.5)
    assert made.state.batches == ((3, 1), (2,))
    assert [batch.stops for batch in made.batches] == [(), ("key1",)]
    assert made.state.stops == ()
    made = plan(demands, gib=4.5, limit=4)
    assert made.state.batches == ((3, 1), (2,))
    made = plan([demand(1, 4), demand(2, 4, running=True)], gib=5)
    assert made.state.batches == ((2,), (1,))
    assert made.batches[1].stops == ("key2",)
    assert made.state.stops == ("model 2",)


def test_of_two_that_run_the_one_that_makes_room_is_started_again() -> None:
    demands = [demand(1, 2, running=True), demand(2, 2, running=True)]
    outlook = Outlook(tuple(demands), (), (), Room((8 * _GIB,), 3 * _GIB))
    costs = Costs(1)
    costs.learn(1, 2.0)
    made = make_plan(_EXPERIMENT, outlook, {1: 1, 2: 1}, costs)
    assert made.state.batches == ((1,), (2,))
    assert [batch.stops for batch in made.batches] == [("key2",), ("key1",)]
    assert [one.demands[0].running for one in made.batches] == [True, False]
    assert made.state.seconds == 0, "nobody knows how long the second one starts"


def test_engines_of_others_stay_unless_they_are_in_the_way() -> None:
    demands = [demand(1, 2), demand(2, 2)]
    assert plan(demands, 8, others=[other("theirs", 3)]).state.stops == ()
    made = plan(demands, 6, others=[other("large", 3), other("small", 1)])
    assert made.state.batches == ((1, 2),)
    assert made.state.stops == ("large",)
    assert made.batches[0].stops == ("large",)
    assert plan(demands, 16, limit=4, others=[other("theirs", 3)]).state.stops == (), (
        "the limit is the experiment's own"
    )


def test_one_with_other_settings_is_stopped_first() -> None:
    made = plan([demand(1, 2), demand(2, 2)], 8, stale=["key2"])
    assert made.batches[0].stops == ("key2",)
    assert made.state.stops == ("model 2",)


def test_one_that_found_no_room_is_by_itself() -> None:
    outlook = Outlook((demand(1, 1), demand(2, 1), demand(3, 0)), (other("theirs", 1),), (), Room((8 * _GIB,)))
    made = make_plan(_EXPERIMENT, apart(outlook, ["key2"]), {1: 1, 2: 1, 3: 1}, Costs(4))
    assert made.state.batches == ((1, 3), (2,))
    assert set(made.batches[1].stops) == {"key1", "key3", "theirs"}


def test_columns_that_nobody_waits_for_need_nothing() -> None:
    outlook = Outlook((demand(1, 2), demand(2, 2)), (), (), Room((3 * _GIB,)))
    assert make_plan(_EXPERIMENT, outlook, {1: 0, 2: 3}, Costs(4)).state.batches == ((2,),)
    assert make_plan(_EXPERIMENT, outlook, {}, Costs(4)).state.words == ""


def test_several_cards_are_pools() -> None:
    cards = Room((8 * _GIB, 8 * _GIB))
    one, two = Seat("a", "a", 7 * _GIB), Seat("b", "b", 7 * _GIB)
    assert fits([one, two], cards)
    assert fits([Seat("c", "c", 7 * _GIB, cards=2)], cards)
    assert not fits([one, Seat("c", "c", 7 * _GIB, cards=2)], cards)
    assert not fits([Seat("d", "d", _GIB, cards=3)], cards)
    assert fits([Seat("e", "e", 8 * _GIB)], cards)


def test_something_is_left_over_beside_another() -> None:
    pair = [Seat("a", "a", _GIB), Seat("b", "b", _GIB)]
    assert not fits(pair, Room((2 * _GIB + SLACK_BYTES - 1,)))
    assert fits(pair, Room((2 * _GIB + SLACK_BYTES,)))


def test_batches_are_shuffled_the_same_way_every_time_but_not_side_by_side() -> None:
    demands = [demand(number, 2) for number in range(1, 7)]
    shuffled = replace(_EXPERIMENT, options=Options(shuffle=True), order_seed=3)
    orders = [plan(demands, 3, experiment=shuffled).state.batches for _ in range(2)]
    assert orders[0] == orders[1]
    assert orders[0] != tuple((number,) for number in range(1, 7))
    talk = replace(shuffled, kind=ExperimentKind.CONVERSATION)
    assert plan(demands, 3, experiment=talk).state.batches == tuple((number,) for number in range(1, 7))


def head(column: int, prompt: int = 1, *, done: bool = False, **figures: float) -> CellHead:
    state = CellState.DONE if done else CellState.WAITING
    known = CellHead(prompt * 10 + column, prompt, column, 0, state)
    return replace(known, **figures)  # type: ignore[arg-type]


def test_how_long_it_takes_follows_from_what_is_known() -> None:
    heads = [head(1, done=True, tokens=20, speed=10.0, first_word=1.0), head(2, done=True, first_word=1.0)]
    together = replace(_EXPERIMENT, options=Options(concurrency=2))
    costs = Costs.of(together, heads)
    assert costs.of_plan([[demand(1, 1), demand(2, 1)]], {1: 4, 2: 4}) == pytest.approx(20 + 4 * 3 / 2)
    assert costs.of_plan([[demand(1, 1)], [demand(2, 1)]], {1: 4, 2: 4}) == pytest.approx(20 + 6 + 2)
    assert costs.of_plan([[demand(1, 1, seconds=None)]], {1: 4}) is None
    assert costs.of_plan([[demand(3, 1)]], {3: 4}) == pytest.approx(10 + 4 * 2 / 2), "as those of others"
    alone = Costs.of(replace(_EXPERIMENT, options=Options(pace=Pace.ALONE)), heads)
    assert alone.of_plan([[demand(1, 1), demand(2, 1)]], {1: 4, 2: 4}) == pytest.approx(20 + 12 + 4)
    talk = Costs.of(replace(_EXPERIMENT, kind=ExperimentKind.CONVERSATION), heads)
    assert talk.of_answers([(1, 2)], {1: 1, 2: 1}) == pytest.approx(3)
    assert Costs(4).of_answers([(1,)], {1: 1}) is None
    assert Costs(4).of_answers([(1,)], {}) == 0.0


def _grid(columns: int, prompts: int) -> tuple[Experiment, list[CellHead]]:
    asked = tuple(Prompt(number, "?") for number in range(1, prompts + 1))
    experiment = replace(_EXPERIMENT, columns=_COLUMNS[:columns], prompts=asked)
    return experiment, [head(column, prompt) for prompt in range(1, prompts + 1) for column in range(1, columns + 1)]


def test_a_prompt_set_has_a_lane_for_every_engine() -> None:
    experiment, heads = _grid(3, 5)
    (wave,) = waves(replace(experiment, options=Options(concurrency=7, shuffle=False)), heads)
    assert [({cell.column for cell in lane.cells}, lane.workers) for lane in wave] == [({1}, 7), ({2}, 7), ({3}, 7)]
    assert [cell.prompt for cell in wave[0].cells] == [1, 2, 3, 4, 5]


def test_side_by_side_every_question_is_a_wave() -> None:
    experiment, heads = _grid(3, 2)
    made = waves(replace(experiment, kind=ExperimentKind.CONVERSATION), reversed(heads))
    assert [sorted(cell.id for lane in wave for cell in lane.cells) for wave in made] == [[11, 12, 13], [21, 22, 23]]


def test_alone_means_one_lane_and_the_order_of_columns_changes() -> None:
    experiment, heads = _grid(3, 40)
    experiment = replace(experiment, options=Options(pace=Pace.ALONE), order_seed=5)
    (wave,) = waves(experiment, heads)
    assert [lane.workers for lane in wave] == [1]
    orders = [tuple(cell.column for cell in wave[0].cells[at : at + 3]) for at in range(0, 120, 3)]
    assert len(set(orders)) == 6
    assert waves(experiment, heads) == [wave]
    assert waves(replace(experiment, order_seed=6), heads) != [wave]


def test_cells_of_prompts_that_are_gone_are_passed_over() -> None:
    experiment, heads = _grid(2, 2)
    assert waves(replace(experiment, prompts=()), heads) == []
