"""First run: asks in place for what is missing, step by step, and says beside each what was not taken."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from typing import Any, ClassVar

from msgspec.structs import replace
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from tobs_tui.errors import LoginFailed, TobsError
from tobs_tui.text import for_terminal
from tobs_tui.ui.actions import LOGIN, bindings
from tobs_tui.ui.drawing import BOLD, DONE, FAILED, FOCUS, MUTED
from tobs_tui.ui.ports import LoginView, Step
from tobs_tui.ui.screens.base import MainScreen
from tobs_tui.ui.widgets.field import Field
from tobs_tui.ui.widgets.line import Line

_STEPS = (Step.API, Step.PHONE, Step.CODE, Step.PASSWORD)


class LoginScreen(MainScreen):
    """One line a step; the one that is due has its field."""

    CSS_PATH = "login.tcss"
    AUTO_FOCUS = ""
    MODE = "login"
    BINDINGS: ClassVar[list[Any]] = bindings(LOGIN)
    ABOUT = (
        "Telegram gives every program an id and a hash: log in at https://my.telegram.org, choose “API "
        "development tools”, fill in any name, and copy both from there. They stay on this computer."
    )

    def __init__(self) -> None:
        super().__init__()
        self._view = LoginView(Step.API)
        self._busy = False
        self._by_qr = False

    def body(self) -> Iterable[Widget]:
        with VerticalScroll(id="login", can_focus=False):
            yield Static(Content.styled("Save your Telegram chats as notes on this computer.", BOLD))
            yield Static(
                Content("tobs only reads: it marks nothing as read, and sends nothing to anyone."),
                id="promise",
            )
            yield from self._step(Step.API, "API id", "api-id", "the number")
            yield from self._field("API hash", "api-hash", "32 letters and digits", password=True)
            yield Line(
                Content.styled("both from https://my.telegram.org · f1 tells how", MUTED),
                id="api-where",
                classes="under",
            )
            yield from self._step(Step.PHONE, "Phone", "phone", "such as +351 912 345 678")
            yield from self._step(Step.CODE, "Code", "code", "")
            yield from self._step(Step.PASSWORD, "Password", "password", "", password=True)
            yield Static(id="qr")
            yield Static(
                Content.styled(
                    "Telegram tells your other devices of a new login: that is this program.", MUTED
                ),
                id="notice",
            )

    def _step(
        self, step: Step, label: str, name: str, placeholder: str, *, password: bool = False
    ) -> Iterable[Widget]:
        with Horizontal(classes="step"):
            yield Line(id=f"{name}-label", classes="step-label")
            yield Field(placeholder=placeholder, id=name, classes="field", password=password, compact=True)
            yield Line(id=f"{name}-note", classes="step-note")
        yield Static(id=f"{name}-problem", classes="problem")

    def _field(self, label: str, name: str, placeholder: str, *, password: bool = False) -> Iterable[Widget]:
        with Horizontal(classes="step", id=f"{name}-row"):
            yield Line(Content(f"    {label}"), classes="step-label")
            yield Field(placeholder=placeholder, id=name, classes="field", password=password, compact=True)
            yield Line(id=f"{name}-note", classes="step-note")
        yield Static(id=f"{name}-problem", classes="problem")

    def _hold(self, busy: bool) -> None:
        """Take nothing more while an answer is on its way: what is typed ahead would land elsewhere."""
        self._busy = busy
        for field in self.query(Field):
            field.held = busy

    def on_mount(self) -> None:
        self.show(self.tobs.login)

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        if self.tobs.login.step is not self._view.step:
            self.show(self.tobs.login)

    def show(self, view: LoginView) -> None:
        """Go to the step that is due."""
        if view.step is Step.DONE:
            self._hold(False)
            self.tobs.logged_in(view)
            return
        # Whoever looks at another screen meanwhile comes back to this step.
        self._view = self.tobs.login = view
        self._hold(False)
        self._problem("api-hash", "")
        for step, label, name in (
            (Step.API, "API id, hash", "api-id"),
            (Step.PHONE, "Phone", "phone"),
            (Step.CODE, "Code", "code"),
            (Step.PASSWORD, "Password", "password"),
        ):
            self._show_step(step, label, name)
        due = view.step is Step.API
        self.query_one("#api-hash-row").display = due
        self.query_one("#api-where").display = due
        field = {Step.API: "api-id", Step.PHONE: "phone", Step.CODE: "code", Step.PASSWORD: "password"}[
            view.step
        ]
        self.query_one(f"#{field}", Input).focus()
        self.refresh_bindings()

    def _show_step(self, step: Step, label: str, name: str) -> None:
        due = step is self._view.step
        done = _STEPS.index(step) < _STEPS.index(self._view.step)
        sign, style = ("✓", DONE) if done else ("▸", FOCUS) if due else ("○", MUTED)
        shown = "API id" if step is Step.API and due else label
        self.query_one(f"#{name}-label", Line).show(
            Content.assemble((f"  {sign} ", style), (shown, "" if done or due else MUTED))
        )
        self.query_one(f"#{name}", Input).display = due
        self.query_one(f"#{name}-note", Line).show(
            Content.styled(self._note(step, done=done, due=due), MUTED)
        )
        self._problem(name, "")

    def _note(self, step: Step, *, done: bool, due: bool) -> str:
        view = self._view
        match step:
            case Step.API if done:
                kept = f"   kept in {view.api_kept_in}, for you only" if view.api_kept_in else ""
                return for_terminal(f"{view.api_id} · ••••{kept}")
            case Step.PHONE if done:
                return for_terminal(view.phone)
            case Step.CODE if due:
                return for_terminal(f"sent {view.code_by}") if view.code_by else ""
            case Step.CODE if done:
                return "taken"
            case Step.PASSWORD if due:
                return f"hint: {for_terminal(view.password_hint, 40)}" if view.password_hint else ""
            case Step.PASSWORD:
                return "only with two-step verification"
        return ""

    def _problem(self, name: str, problem: str) -> None:
        line = self.query_one(f"#{name}-problem", Static)
        line.display = bool(problem)
        line.update(Content.styled(f"✗ {for_terminal(problem)}", FAILED) if problem else Content())

    # Steps

    def action_next(self) -> None:
        """Take what was typed."""
        if self._busy:
            return
        match self._view.step:
            case Step.API:
                api_id, api_hash = self._typed("api-id"), self._typed("api-hash")
                if api_id and not api_hash:
                    self.query_one("#api-hash", Input).focus()
                elif api_id:
                    self._go(self.host.give_api(api_id, api_hash), "api-id")
            case Step.PHONE if phone := self._typed("phone"):
                self._go(self.host.give_phone(phone), "phone")
            case Step.CODE if code := self._typed("code"):
                self._go(self.host.give_code(code), "code")
            case Step.PASSWORD if password := self.query_one("#password", Input).value:
                self._go(self.host.give_password(password), "password")

    def _typed(self, name: str) -> str:
        return self.query_one(f"#{name}", Input).value.strip()

    def _go(self, taken: Awaitable[LoginView], name: str) -> None:
        self._hold(True)
        for field in {name, "api-hash"}:
            self._problem(field, "")
        note = self.query_one(f"#{name}-note", Line)
        note.show(Content.styled("…", MUTED))
        self.beside("step", self._take, taken, name)

    async def _take(self, taken: Awaitable[LoginView], name: str) -> None:
        try:
            view = await taken
        except TobsError as error:
            self._hold(False)
            step = self._view.step
            self.query_one(f"#{name}-note", Line).show(
                Content.styled(self._note(step, done=False, due=True), MUTED)
            )
            at = {"api_id": "api-id", "api_hash": "api-hash"}.get(
                error.field if isinstance(error, LoginFailed) else "", name
            )
            self._problem(at, error.line())
            field = self.query_one(f"#{at}", Input)
            field.focus()
            field.action_select_all()
            return
        self.show(view)

    # By QR code

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "qr":
            return self._view.step is not Step.API
        return True

    def action_qr(self) -> None:
        self._by_qr = not self._by_qr
        if self._by_qr:
            self.beside("step", self._wait_for_scan)
        else:
            self._hide_qr()

    async def _wait_for_scan(self) -> None:
        try:
            while self._by_qr:
                code = await self.host.qr_code()
                self.query_one("#qr", Static).update(_qr(code.url))
                self.query_one("#qr").scroll_visible(animate=False)
                view = await self.host.qr_scanned()
                if view is not None:
                    self._hide_qr()
                    self.show(view)
                    return
        except TobsError as error:
            self._hide_qr()
            self.tobs.tell(error)

    def _hide_qr(self) -> None:
        self._by_qr = False
        self.query_one("#qr", Static).update("")

    def action_demo(self) -> None:
        self.host.try_demo()
        self.app.exit()

    def go_back(self) -> bool:
        if self._by_qr:
            self.workers.cancel_group(self, "step")
            self._hide_qr()
            return True
        if self._view.step is Step.API:
            return False
        # A mistyped number is found out when no code comes.
        self.workers.cancel_group(self, "step")
        earlier = Step.API if self._view.step is Step.PHONE else Step.PHONE
        self.show(replace(self._view, step=earlier))
        return True


def _qr(url: str) -> Content:
    """The code in half blocks, dark on light whatever the theme is: that is what cameras read."""
    import io

    import segno

    drawn = io.StringIO()
    segno.make(url, error="l").save(drawn, kind="txt", border=2)
    rows = [[cell == "1" for cell in line] for line in drawn.getvalue().split()]
    if len(rows) % 2:
        rows.append([False] * len(rows[0]))
    lines = [
        "".join(" ▀▄█"[(not top) + 2 * (not bottom)] for top, bottom in zip(upper, lower, strict=True))
        for upper, lower in zip(rows[::2], rows[1::2], strict=True)
    ]
    help_text = "On your phone: Telegram, Settings, Devices, Link Desktop Device\n"
    return Content.assemble(help_text, ("\n".join(lines), "#ffffff on #000000"), "\n")
