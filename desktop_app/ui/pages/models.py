"""The page of models: what runs well on this computer, why, and how to get it here. One list, one closer look.

The main window opens it and answers what it asks by signals; everything else it asks of `services/models`,
`services/downloads` and `services/hub_access`.
"""

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop_app.domain.errors import Remedy
from desktop_app.domain.fit import Proposal
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.library import Deletion
from desktop_app.services.downloads import Downloads
from desktop_app.services.hub_access import HubAccess
from desktop_app.services.models import Models
from desktop_app.services.models_view import DownloadsState, ModelDetail, ModelsState
from desktop_app.ui.bridge import Bridge
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import ElidedLabel
from desktop_app.ui.widgets.model_detail import ModelDetailView
from desktop_app.ui.widgets.model_list import ModelBrowser
from desktop_app.ui.widgets.model_list_downloads import DownloadRows
from desktop_app.ui.widgets.model_list_frame import ListAndDetail
from desktop_app.ui.widgets.model_list_head import ModelsHead
from desktop_app.ui.widgets.model_list_look import model_list_sheet
from desktop_app.ui.widgets.notice import Notice
from desktop_app.ui.widgets.setting_look import setting_sheet

_LOW = 600
"""Pixels below which the page saves height."""


class ModelsPage(QWidget):
    """Draws `ModelsState`, `ModelDetail` and `DownloadsState`.

    Args:
        theme: colours and fonts.
        bridge: starts the verbs of services.
        models: finds and judges models.
        downloads: fetches them.
        access: knows how the Hub is reached.
        parent: the widget that it stands in.
    """

    start_clicked = Signal(ModelRef)
    """A model on this computer shall be started."""
    settings_clicked = Signal(ModelRef)
    """How it is started shall be shown."""
    open_link = Signal(str)
    """An address to be opened in the browser."""
    remedy_chosen = Signal(Remedy)
    """The button beside a failure that is not the page's own to mend."""

    def __init__(
        self,
        theme: Theme,
        bridge: Bridge,
        models: Models,
        downloads: Downloads,
        access: HubAccess,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setProperty("role", "page")
        self.setAccessibleName("Models")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme = theme
        self._bridge = bridge
        self._models = models
        self._downloads = downloads
        self._access = access
        self._again: Callable[[], None] = self._look
        """What `Try again` does: what was asked for last."""
        self._asked = ""
        """The model that the list asked for last; another one was chosen elsewhere and is to be shown."""
        self._repo_id = ""
        """Of the model that is looked at: it keeps it when it comes onto this computer, or goes."""
        self._begun = False
        """Whether a first model was chosen."""
        self._head = ModelsHead()
        self._notice = Notice(theme, dismissable=True)
        self._note = ElidedLabel(role="second")
        self._rows = DownloadRows(theme)
        self.browser = ModelBrowser(theme)
        self.detail = ModelDetailView(theme)
        self._frame = ListAndDetail(theme, self._build_list(), self.detail)
        self._build()
        self._connect()
        theme.changed.connect(self._dress)
        self._dress()
        bridge.watch(self, models.state, self._on_state_changed)
        bridge.watch(self, models.detail, self._on_detail_changed)
        bridge.watch(self, downloads.state, self._on_downloads_changed)

    def showEvent(self, event: QShowEvent) -> None:
        """Look at machine and folders once somebody looks."""
        super().showEvent(event)
        self._bridge.start("open the models", self._models.open())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A low window keeps its height for the list."""
        super().resizeEvent(event)
        self._head.show_low(self.height() < self._theme.scaled(_LOW))

    def _on_state_changed(self, state: ModelsState) -> None:
        self._head.show_machine(state.machine, state.tier)
        self._notice.show_error(state.error)
        self._note.setText(state.note)
        self._note.setVisible(bool(state.note))
        self.browser.show_state(state)
        self.detail.show_offline(state.offline)
        if state.machine is not None and not self._begun:
            self._begun = True
            if self._frame.wide:
                # The first one that is offered is worth a closer look.
                self._ask(self.browser.first_key())

    def _on_detail_changed(self, detail: ModelDetail | None) -> None:
        self.detail.show_detail(detail)
        if detail is None:
            self._frame.show_list()
            return
        key, before, self._repo_id = detail.row.key, self._repo_id, detail.row.repo_id
        if key != self._asked:
            came_or_went = bool(before) and before == self._repo_id and bool(self._asked)
            self._asked = key
            if came_or_went:
                self.browser.select(key)
            else:
                self.browser.bring(key)
                self._frame.show_detail()
        self._show_download(self._downloads.state.value)

    def _on_downloads_changed(self, state: DownloadsState) -> None:
        self._rows.show_downloads(state.downloads)
        self._show_download(state)

    def _show_download(self, state: DownloadsState) -> None:
        detail = self._models.detail.value
        self.detail.show_download(state.find(detail.row.repo_id) if detail else None)

    def _do(self, name: str, work: Coroutine[Any, Any, object]) -> None:
        self._bridge.start(name, work)

    def _ask(self, key: str) -> None:
        """Look closer at a model of the list."""
        if key:
            self._asked = key
            self.browser.select(key)
            self._do("look at a model", self._models.select(key))

    def _on_chosen(self, key: str) -> None:
        if self._frame.wide:
            self._ask(key)

    def _on_shelf_chosen(self) -> None:
        """The closer look belongs to the list beside it."""
        if self._frame.wide:
            self._ask(self.browser.first_key())

    def _on_opened(self, key: str) -> None:
        self._ask(key)
        self._frame.show_detail()

    def _on_download_opened(self, repo_id: str) -> None:
        self._asked = ""
        self._do("look at a model", self._models.select(repo_id))
        self._frame.show_detail()

    def _look(self) -> None:
        self._do("look at the models", self._models.look())

    def _search(self, text: str) -> None:
        self._again = partial(self._search, text)
        self._do("search the Hub", self._models.search(text))

    def _open_address(self, text: str) -> None:
        self._again = partial(self._open_address, text)
        self._asked = ""
        self._do("open a model", self._models.open_address(text))

    def _add_folder(self) -> None:
        title = "Choose a folder with models"
        self._bridge.choose_folder(self, title, lambda folder: self._do("add folder", self._models.add_folder(folder)))

    def _on_remedy_chosen(self, remedy: Remedy) -> None:
        self._models.dismiss_error()
        if remedy is Remedy.RETRY:
            self._again()
        elif remedy is Remedy.CHOOSE_MODEL:
            self._add_folder()
        else:
            self.remedy_chosen.emit(remedy)

    def _on_resume_clicked(self, repo_id: str) -> None:
        """Go on; a download that nobody remembers begins with what is there."""
        known = self._downloads.state.value.find(repo_id) is not None
        self._do("download", self._downloads.resume(repo_id) if known else self._downloads.start(repo_id))

    def _on_settings_clicked(self, _key: str) -> None:
        detail = self._models.detail.value
        if detail is not None and detail.row.local is not None:
            self.settings_clicked.emit(detail.row.local.ref)

    def _on_sibling_chosen(self, repo_id: str) -> None:
        detail = self._models.detail.value
        fits = {spec.name: fit for spec, fit in detail.siblings} if detail else {}
        if repo_id in fits:
            proposal = Proposal(f"Use {repo_id}", "", fits[repo_id], sibling=repo_id)
            self._do("look at a smaller copy", self._models.apply(proposal))

    def _on_delete_clicked(self, key: str) -> None:
        self._bridge.ask(self, "what deleting does", self._models.deletion(key), partial(self._ask_to_delete, key))

    def _ask_to_delete(self, key: str, deletion: Deletion | None) -> None:
        from desktop_app.ui.widgets.model_detail_delete import DeleteDialog  # noqa: PLC0415 - seldom wanted

        if deletion is not None:
            dialog = DeleteDialog(self._theme, deletion, self)
            dialog.agreed.connect(lambda: self._do("delete a model", self._models.delete(key)))
            dialog.open()

    def show_hub(self, for_token: bool = False) -> None:
        """Let the person say where the Hub is, whether it may be asked, and with which token."""
        from desktop_app.ui.widgets.hub_dialog import HubDialog  # noqa: PLC0415 - seldom wanted

        dialog = HubDialog(self._theme, self._bridge, self._access, self)
        dialog.open()
        if for_token:
            dialog.show_token_field()

    def _dress(self) -> None:
        tokens = self._theme.tokens
        self.setStyleSheet(self._theme.sheet(setting_sheet(tokens) + model_list_sheet(tokens)))

    def _connect(self) -> None:
        self._head.folder_clicked.connect(self._add_folder)
        self._head.hub_clicked.connect(self.show_hub)
        self._notice.remedy_chosen.connect(self._on_remedy_chosen)
        self._notice.dismissed.connect(self._models.dismiss_error)
        browser = self.browser
        browser.chosen.connect(self._on_chosen)
        browser.opened.connect(self._on_opened)
        browser.search_asked.connect(self._search)
        browser.address_opened.connect(self._open_address)
        browser.hub_settings_clicked.connect(self.show_hub)
        browser.shelf_chosen.connect(self._on_shelf_chosen)
        self._frame.covered.connect(self._head.setHidden)
        rows = self._rows
        rows.opened.connect(self._on_download_opened)
        rows.start_clicked.connect(self.start_clicked)
        rows.resume_clicked.connect(self._on_resume_clicked)
        rows.pause_clicked.connect(lambda name: self._do("pause", self._downloads.pause(name)))
        rows.hidden.connect(lambda name: self._do("hide download", self._downloads.dismiss(name)))
        self._connect_detail()
        find = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self)
        find.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        find.activated.connect(browser.focus_search)

    def _connect_detail(self) -> None:
        detail, models, downloads = self.detail, self._models, self._downloads
        detail.wish_changed.connect(models.set_wish)
        detail.download_clicked.connect(lambda name: self._do("download", models.download(name)))
        detail.pause_clicked.connect(lambda name: self._do("pause", downloads.pause(name)))
        detail.resume_clicked.connect(self._on_resume_clicked)
        detail.cancel_clicked.connect(lambda name: self._do("cancel download", downloads.cancel(name)))
        detail.start_clicked.connect(self.start_clicked)
        detail.settings_clicked.connect(self._on_settings_clicked)
        detail.delete_clicked.connect(self._on_delete_clicked)
        detail.verify_clicked.connect(lambda key: self._do("check a model", models.verify(key)))
        detail.stop_check_clicked.connect(models.stop_verifying)
        detail.repair_clicked.connect(lambda key: self._do("repair a model", models.repair(key)))
        detail.proposal_chosen.connect(lambda proposal: self._do("make it fit", models.apply(proposal)))
        detail.sibling_chosen.connect(self._on_sibling_chosen)
        detail.look_closer_clicked.connect(lambda: self._do("look closer", models.look_closer()))
        detail.take_off_clicked.connect(lambda folder: self._do("take off a folder", models.remove_folder(folder)))
        detail.error_dismissed.connect(models.dismiss_error)
        detail.link_clicked.connect(self.open_link)
        detail.token_clicked.connect(lambda: self.show_hub(for_token=True))

    def _build_list(self) -> QWidget:
        """The left side: downloads, then the list."""
        made = QWidget()
        column = QVBoxLayout(made)
        column.setContentsMargins(24, 4, 16, 16)
        column.setSpacing(10)
        column.addWidget(self._rows)
        column.addWidget(self.browser, 1)
        return made

    def _build(self) -> None:
        top = QVBoxLayout()
        top.setContentsMargins(24, 16, 24, 8)
        top.setSpacing(8)
        for part in (self._head, self._notice, self._note):
            top.addWidget(part)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(self._frame, 1)
