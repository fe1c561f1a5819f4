"""What Monitor asks of the rest of the window: files, the address, Esc, and what is told beside Stop."""

import json
import re
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel

from desktop_app.domain.engine import EngineStage
from desktop_app.services.monitor_view import Release
from desktop_app.ui.pages.monitor import MonitorPage
from desktop_app.ui.widgets.chart import ChartView
from desktop_app.ui.widgets.engine_bar import EngineBar
from desktop_app.ui.widgets.gauge_strip import GaugeStrip
from tests import monitor_scenes as scenes
from tests.conftest import reach
from tests.ui.desk import Desk, play, with_engine
from tests.ui.hands import child, click, press, press_button, seen, words


def opened(desk: Desk) -> MonitorPage:
    """Monitor, by a click on the strip, with some figures."""
    click(child(desk.window, GaugeStrip))
    for frame in scenes.busy(seconds=60.0):
        desk.program.gauges.frames.set(frame)
    return desk.window.monitor_room.monitor


async def save(desk: Desk, to: Path) -> str:
    """Choose *to* in the dialog that is open; the name that it offered."""
    dialog = child(desk.window, QFileDialog)
    offered = Path(dialog.selectedFiles()[0]).name
    dialog.fileSelected.emit(str(to))
    dialog.done(QFileDialog.DialogCode.Accepted)
    said = f"Written to {to}."
    await reach(lambda: said in words(desk.window.monitor_room.monitor), said)
    return offered


def test_files_are_offered_under_names_that_overwrite_nothing(qapp: QApplication, tmp_path: Path) -> None:
    async def scene(desk: Desk) -> None:
        page = opened(desk)
        page.head.csv_asked.emit()
        name = await save(desk, tmp_path / "a.csv")
        assert re.fullmatch(r"figures \d{4}-\d\d-\d\d \d\d\.\d\d\.\d\d\.csv", name)
        assert (tmp_path / "a.csv").read_text("utf-8-sig").startswith("time,")
        page.head.png_asked.emit()
        assert re.fullmatch(r"monitor .*\.png", await save(desk, tmp_path / "a.png"))
        assert QImage(str(tmp_path / "a.png")).height() > page.height()
        page.head.dashboard_asked.emit()
        assert await save(desk, tmp_path / "a.json") == "vllm-dashboard.json"
        assert json.loads((tmp_path / "a.json").read_text("utf-8"))["title"]

    play(qapp, with_engine(tmp_path), scene)


def test_what_cannot_be_written_is_told(qapp: QApplication, tmp_path: Path) -> None:
    async def scene(desk: Desk) -> None:
        page = opened(desk)
        page.head.csv_asked.emit()
        dialog = child(desk.window, QFileDialog)
        dialog.fileSelected.emit(str(tmp_path / "nowhere" / "a.csv"))
        dialog.done(QFileDialog.DialogCode.Accepted)
        await reach(lambda: "The figures were not written." in words(page), "the notice")
        press_button(page, "Dismiss")
        assert "The figures were not written." not in words(page)

    play(qapp, with_engine(tmp_path), scene)


def test_the_address_is_opened_copied_and_closed(qapp: QApplication, tmp_path: Path) -> None:
    async def scene(desk: Desk) -> None:
        page, state = opened(desk), desk.program.monitor.state
        page.head.door_asked.emit(True)
        await reach(lambda: state.value.door.address, "the address")
        press_button(page, "Copy the address for Prometheus")
        assert QGuiApplication.clipboard().text() == state.value.door.address
        assert "The address was copied." in words(page)
        press_button(page, "Close the address for Prometheus")
        await reach(lambda: not state.value.door.address, "no address")
        assert "The address was copied." not in words(page)

    play(qapp, with_engine(tmp_path), scene)


def test_escape_ends_a_reading_then_leads_to_the_chat(qapp: QApplication, tmp_path: Path) -> None:
    async def scene(desk: Desk) -> None:
        page = opened(desk)
        chart = child(page, ChartView, "Processor")
        chart.setFocus(Qt.FocusReason.TabFocusReason)
        press(chart, Qt.Key.Key_Left)
        press(chart, Qt.Key.Key_Escape)
        assert page.isVisible()
        press(chart, Qt.Key.Key_Escape)
        assert not page.isVisible()
        assert desk.window.chat.isVisible()

    play(qapp, with_engine(tmp_path), scene)


def test_what_was_measured_after_a_stop_is_told_beside_the_button(qapp: QApplication, tmp_path: Path) -> None:
    async def scene(desk: Desk) -> None:
        state = desk.program.monitor.state
        bar = child(desk.window, EngineBar)

        def notes() -> list[QLabel]:
            return [one for one in seen(bar, QLabel) if one.text().startswith("Stopped.")]

        await desk.serve()
        await desk.program.serving.stop()
        await reach(lambda: state.value.release, "the release")
        held = Release("Memory is at 5.3 GB, 2.2 GB more than before the start.", False, ("firefox, 1.2 GB",))
        state.set(replace(state.value, release=Release("Memory is back to 3.1 GB.", True)))
        assert notes()[0].toolTip().endswith("Memory is back to 3.1 GB.</qt>")
        assert "3.1 GB" not in notes()[0].text()
        assert bar.accessibleDescription().endswith("Memory is back to 3.1 GB.")
        state.set(replace(state.value, release=held))
        assert notes()[0].text().endswith("More is in use than before: firefox, 1.2 GB.")
        assert notes()[0].toolTip().endswith("Held by: firefox, 1.2 GB.</qt>")
        await desk.serve()
        assert desk.stage is EngineStage.READY
        assert state.value.release is None
        assert not any("firefox" in one.toolTip() + one.text() for one in seen(bar, QLabel))

    play(qapp, with_engine(tmp_path), scene)
