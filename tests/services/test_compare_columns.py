"""What becomes of columns when they are changed: answers keep the column that gave them."""

from dataclasses import replace
from pathlib import Path

from desktop_app.domain.experiment import Column, Experiment, ExperimentKind
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.sampling import ChatSettings, Sampling
from desktop_app.services.compare_columns import changed_columns, in_order, title_of, too_few, too_many

GUIDE = Column(1, ModelRef("Guide", Path("guide")))
QWEN = Column(2, ModelRef("Qwen", Path("qwen")))
COLD = ChatSettings(sampling=Sampling(temperature=0.0))
MADE = Experiment(1, "", ExperimentKind.PROMPTS, (GUIDE, QWEN), order_seed=7)


def test_a_column_that_answered_and_is_changed_becomes_a_new_one() -> None:
    changed = changed_columns(MADE, [GUIDE, replace(QWEN, settings=COLD)], {1, 2})
    assert changed == (GUIDE, replace(QWEN, id=0, settings=COLD), replace(QWEN, removed=True))


def test_a_column_without_answers_is_changed_where_it_is() -> None:
    changed = changed_columns(MADE, [GUIDE, replace(QWEN, settings=COLD)], {1})
    assert changed == (GUIDE, replace(QWEN, settings=COLD))


def test_another_name_is_no_other_column() -> None:
    changed = changed_columns(MADE, [replace(GUIDE, name="Small"), QWEN], {1, 2})
    assert changed == (replace(GUIDE, name="Small"), QWEN)


def test_a_column_that_was_taken_away_comes_back_and_a_copy_is_a_new_one() -> None:
    without = replace(MADE, columns=changed_columns(MADE, [GUIDE], {1, 2}))
    assert without.shown == (GUIDE,)
    assert changed_columns(without, [QWEN, GUIDE], {1, 2}) == (QWEN, GUIDE)
    assert changed_columns(MADE, [GUIDE, GUIDE], {1}) == (GUIDE, replace(GUIDE, id=0), replace(QWEN, removed=True))


def test_a_server_elsewhere_is_one_engine_whatever_options_are_written_beside_it() -> None:
    far = Column(1, ModelRef("far", address="https://example.org/v1"))
    other = replace(far, flags=(("--kv-cache-dtype", "fp8"),))
    assert (other.engine_key, other.identity) == (far.model.key, far.identity)
    near = Column(2, ModelRef("near"))
    assert replace(near, flags=other.flags).engine_key != near.engine_key


def test_hidden_columns_stand_in_an_order_that_the_seed_draws_and_nobody_put_them_in() -> None:
    assert in_order(MADE, hidden=False) == (GUIDE, QWEN)
    orders = {in_order(replace(MADE, order_seed=seed), hidden=True) for seed in range(20)}
    assert orders == {(GUIDE, QWEN), (QWEN, GUIDE)}
    turned = replace(MADE, columns=(QWEN, GUIDE))
    assert in_order(turned, hidden=True) == in_order(MADE, hidden=True)


def test_it_is_named_by_its_models_and_says_when_there_are_too_few_or_too_many() -> None:
    named = [GUIDE, replace(QWEN, name="Cold")]
    assert title_of(ExperimentKind.PROMPTS, named) == "Guide, Cold"
    assert title_of(ExperimentKind.PROMPTS, []) == "Prompt set"
    assert too_few(MADE) is None
    assert too_few(replace(MADE, columns=(GUIDE,)))
    assert too_many([GUIDE] * 6) is None
    assert too_many([GUIDE] * 7)
