"""How an experiment is run: repeats, questions at a time, seed, pace, memory, judge. `prompt_editor` owns one."""

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QEvent, QSignalBlocker, QTimer, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop_app.domain.experiment import MAX_CONCURRENCY, MAX_REPEATS, Options, Pace
from desktop_app.domain.launch import ModelRef
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.chat_settings_number import NumberEntry
from desktop_app.ui.widgets.chat_settings_parts import INDENT, PAUSE_MS, FewChoices, SwitchRow, Titled
from desktop_app.ui.widgets.setting_parts import Choice

_GIB = 1 << 30
_MOST_SEED = (1 << 63) - 1
"""What the protocol and vLLM take."""
_MOST_MEMORY = 100_000
"""GB."""
_ENTRY_LETTERS = 12

_REPEATS = "How often every prompt is asked. Several runs show how much answers differ by chance."
_CONCURRENCY = "How many questions one model is asked at the same time. More is sooner done; each answer is slower."
_ONE_BY_ONE = "Not used while one answers at a time."
_SEED = (
    "The first run starts from this number, the next one from the number behind it, so that answers can be repeated. "
    "Left empty: chance, or what a column says."
)
_PACES = {
    Pace.TOGETHER: "All columns that fit into memory answer at the same time: soonest done, but models that share a "
    "computer slow one another down.",
    Pace.ALONE: "Each answer has the computer to itself: speeds can be compared, and it takes longer.",
}
_SHUFFLE = "The order of the columns changes from prompt to prompt, so that nobody always answers on a warm computer."
_MEMORY = (
    "GB that all models together may take. Left empty: what is free. What does not fit at once runs one after another."
)
_JUDGE = "The model that decides the checks “Judged by a model”. It is asked after the answers are there."
_NO_JUDGE = "None"


class NumberLine(QWidget):
    """A title, an entry for a number, a sentence, and what is wrong with what stands there.

    Args:
        title: what it is called.
        sentence: what it does.
        least: the smallest number that is taken.
        most: the largest.
        empty: what holds while nothing is written; without it there has to be a number.
        whole: whether fractions are refused.
    """

    chosen = Signal(object)
    """A number; None for none."""

    def __init__(
        self, title: str, sentence: str, least: float, most: float, empty: str = "", whole: bool = True
    ) -> None:
        super().__init__()
        self._least, self._most, self._empty, self._whole = least, most, empty, whole
        self._shown = ""
        self._entry = NumberEntry()
        self._entry.setAccessibleName(title)
        self._entry.setPlaceholderText(empty)
        self._titled = Titled(title, self._entry, sentence)
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(self.take)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._titled)
        self._fit()
        self._entry.textEdited.connect(self._pause.start)
        self._entry.editingFinished.connect(self.take)
        self._entry.counted.connect(self._on_counted)

    def changeEvent(self, event: QEvent) -> None:
        """Larger letters need more room."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange:
            self._fit()

    def show_value(self, value: float | None) -> None:
        """Show a number; what somebody is just writing stays."""
        text = "" if value is None else f"{value:.10g}" if not self._whole else f"{int(value)}"
        if text != self._shown and not self._pause.isActive():
            self._shown = text
            self._entry.setText(text)
            self._titled.show_problem("")

    def show_sentence(self, sentence: str) -> None:
        """Say what it does."""
        self._titled.show_sentence(sentence)

    def take(self) -> None:
        """Say what stands there, or why it cannot be meant."""
        self._pause.stop()
        text = self._entry.text().strip().replace(",", "." if not self._whole else "")
        if text == self._shown:
            self._titled.show_problem("")
            return
        value = self._read(text)
        wrong = value is None and (bool(text) or not self._empty)
        self._titled.show_problem(self._range() if wrong else "")
        if not wrong:
            self._shown = text
            self.chosen.emit(value)

    def _fit(self) -> None:
        self._entry.setMaximumWidth(self.fontMetrics().averageCharWidth() * _ENTRY_LETTERS + 60)

    def _read(self, text: str) -> float | None:
        try:
            value = int(text) if self._whole else float(text)
        except ValueError:
            return None
        return value if self._least <= value <= self._most else None

    def _range(self) -> str:
        kind = "A whole number" if self._whole else "A number"
        or_empty = f", or nothing for {self._empty}" if self._empty else ""
        return f"{kind} from {self._least:,} to {self._most:,}{or_empty}."

    def _on_counted(self, steps: int) -> None:
        present = self._read(self._entry.text().strip())
        value = min(self._most, max(self._least, (self._least if present is None else present + steps)))
        self._entry.setText(f"{value:.10g}" if not self._whole else f"{int(value)}")
        self._pause.start()


class RunOptions(QWidget):
    """Draws `Options`, all but the checks, and says what a person chose."""

    changed = Signal(Options)

    def __init__(self, theme: Theme, parent: QWidget | None = None, *, conversation: bool = False) -> None:
        super().__init__(parent)
        self._conversation = conversation
        """Whether there are no repeats, no checks, and one question at a time."""
        self._options = Options()
        self._models: Sequence[ModelRef] = ()
        self._repeats = NumberLine("Repeats", _REPEATS, 1, MAX_REPEATS)
        self._concurrency = NumberLine("Questions at a time", _CONCURRENCY, 1, MAX_CONCURRENCY)
        self._seed = NumberLine("Seed", _SEED, 0, _MOST_SEED, "by chance")
        self._pace = FewChoices(theme, "Pace", [(pace.value, pace) for pace in Pace])
        self._pace_row = Titled("Pace", self._pace)
        self._shuffle = SwitchRow(theme, "Shuffle the order", _SHUFFLE)
        self._memory = NumberLine("Most memory", _MEMORY, 0.1, _MOST_MEMORY, "what is free", whole=False)
        self._judge = Choice(theme, "Judge")
        self._judge_row = Titled("Judge", self._judge, _JUDGE)
        self._build()
        self._connect()
        self._draw()

    @property
    def options(self) -> Options:
        """As they stand there."""
        return self._options

    def show_options(self, options: Options) -> None:
        """Show these."""
        if options != self._options:
            self._options = options
            self._draw()

    def show_models(self, models: Sequence[ModelRef]) -> None:
        """Let one of these be the judge."""
        if models != self._models:
            self._models = models
            self._draw_judges()

    def flush(self) -> None:
        """Say at once what is written."""
        for one in (self._repeats, self._concurrency, self._seed, self._memory):
            one.take()

    def _edit(self, options: Options) -> None:
        if options != self._options:
            self._options = options
            self._draw()
            self.changed.emit(options)

    def _draw(self) -> None:
        options = self._options
        self._repeats.show_value(options.repeats)
        self._concurrency.show_value(options.concurrency)
        self._seed.show_value(options.seed)
        self._pace.show_value(options.pace)
        self._pace_row.show_sentence(_PACES[options.pace])
        alone = options.pace is Pace.ALONE
        self._concurrency.setEnabled(not alone)
        self._concurrency.show_sentence(_ONE_BY_ONE if alone else _CONCURRENCY)
        self._shuffle.show_value(options.shuffle)
        self._memory.show_value(round(options.memory_limit / _GIB, 2) if options.memory_limit else None)
        self._draw_judges()

    def _draw_judges(self) -> None:
        """A judge that is no longer among the models stays the judge until somebody chooses another."""
        judge = self._options.judge
        models = [*self._models, *([judge] if judge is not None and judge not in self._models else [])]
        with QSignalBlocker(self._judge):
            self._judge.clear()
            self._judge.addItem(_NO_JUDGE, None)
            for model in models:
                where = f"{model.name} ({model.address})" if model.address else model.name
                self._judge.addItem(where, model)
            self._judge.setCurrentIndex(0 if judge is None else models.index(judge) + 1)

    def _on_repeats(self, value: object) -> None:
        self._edit(replace(self._options, repeats=_whole(value, self._options.repeats)))

    def _on_concurrency(self, value: object) -> None:
        self._edit(replace(self._options, concurrency=_whole(value, self._options.concurrency)))

    def _on_seed(self, value: object) -> None:
        self._edit(replace(self._options, seed=value if isinstance(value, int) else None))

    def _on_pace(self, pace: Pace) -> None:
        self._edit(replace(self._options, pace=pace))

    def _on_shuffle(self, on: bool) -> None:
        self._edit(replace(self._options, shuffle=on))

    def _on_memory(self, value: object) -> None:
        size = round(value * _GIB) if isinstance(value, int | float) else 0
        self._edit(replace(self._options, memory_limit=size))

    def _on_judge(self, index: int) -> None:
        self._edit(replace(self._options, judge=self._judge.itemData(index)))

    def _connect(self) -> None:
        self._repeats.chosen.connect(self._on_repeats)
        self._concurrency.chosen.connect(self._on_concurrency)
        self._seed.chosen.connect(self._on_seed)
        self._pace.chosen.connect(self._on_pace)
        self._shuffle.chosen.connect(self._on_shuffle)
        self._memory.chosen.connect(self._on_memory)
        self._judge.activated.connect(self._on_judge)

    def _build(self) -> None:
        self._judge.setMinimumContentsLength(24)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, INDENT, 0)
        column.setSpacing(20)
        for one in (
            self._repeats,
            self._seed,
            self._pace_row,
            self._concurrency,
            self._shuffle,
            self._memory,
            self._judge_row,
        ):
            column.addWidget(one)
        for one in (self._repeats, self._concurrency, self._judge_row):
            one.setHidden(self._conversation)
        column.addStretch()


def _whole(value: object, otherwise: int) -> int:
    return value if isinstance(value, int) else otherwise
