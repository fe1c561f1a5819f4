"""What is left of an experiment while names are hidden."""

from dataclasses import replace

from desktop_app.interchange.experiment_parcel import ExperimentParcel, veiled
from tests.interchange.experiments import answer, sky


def test_cells_are_found_by_prompt_repeat_and_column() -> None:
    found = sky().answers
    assert [cell.id for cell in found[1][0].values()] == [1, 2, 3, 8]
    assert [cell.id for cell in sky().of_column(2)] == [2, 5, 7]


def test_columns_stand_as_the_window_shows_them() -> None:
    parcel = veiled(replace(sky(blind=True), order=(3, 1, 2)))
    assert [column.model.name for column in parcel.experiment.columns] == ["Column 1", "Column 2", "Column 3"]
    assert next(cell.answer.text for cell in parcel.cells if cell.prompt == 1) == "- a list\n- of things"
    assert parcel.experiment.prompts[2].column == 3


def test_texts_that_are_read_later_are_veiled_as_well() -> None:
    parcel = sky(blind=True)
    whole = {cell.id: cell for cell in parcel.cells}
    light = tuple(replace(cell, answer=replace(cell.answer, text="", reasoning="")) for cell in parcel.cells)
    at_once, later = veiled(parcel), veiled(replace(parcel, cells=light, whole=lambda cell: whole[cell.id]))
    assert {cell.answer.text for cell in later.cells} == {""}
    assert tuple(map(later.whole, later.cells)) == at_once.cells


def test_without_the_windows_order_they_are_shuffled() -> None:
    firsts = set()
    for seed in range(20):
        parcel = sky(blind=True)
        parcel = veiled(replace(parcel, experiment=replace(parcel.experiment, order_seed=seed)))
        firsts.add(parcel.cells[0].answer.text)
    assert len(firsts) == 3


def test_ids_do_not_tell_in_which_order_columns_were_made() -> None:
    parcel = sky(blind=True)
    one = veiled(replace(parcel, order=(1, 2, 3)))
    cells = tuple(answer(50 - cell.id, cell.prompt, cell.column) for cell in parcel.cells)
    other = veiled(ExperimentParcel(parcel.experiment, cells, order=(1, 2, 3)))
    assert [(cell.id, cell.prompt, cell.column) for cell in one.cells] == [
        (cell.id, cell.prompt, cell.column) for cell in other.cells
    ]


def test_a_prompt_of_a_column_that_is_gone_is_nobodys() -> None:
    parcel = sky(blind=True)
    prompts = (replace(parcel.experiment.prompts[0], column=4),)
    found = veiled(replace(parcel, experiment=replace(parcel.experiment, prompts=prompts)))
    assert found.experiment.prompts[0].column == 0


def test_whose_answer_all_go_on_from_is_said_by_its_place() -> None:
    parcel = replace(sky(blind=True), order=(3, 1, 2))
    prompts = tuple(replace(parcel.experiment.prompts[0], carried=carried) for carried in (3, 1, 4, None))
    found = veiled(replace(parcel, experiment=replace(parcel.experiment, prompts=prompts)))
    assert [one.carried for one in found.experiment.prompts] == [1, 2, 0, None], "0 is one that was taken away"
