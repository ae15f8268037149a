"""One round: runs that are disturbed, then a calm one, and what came of them held against the server."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from random import Random

from tests.torture import holding
from tests.torture.changes import Changes
from tests.torture.plan import Ending, RoundPlan, RunPlan, plan_round
from tests.torture.program import Hung, Left, Program
from tests.torture.truth import Truth
from tests.torture.weather import Takeouts, weather
from tobs_tui.config import Settings
from tobs_tui.demo.server import DemoServer
from tobs_tui.demo.wire.server_key import PRIVATE, ServerKey
from tobs_tui.demo.world import World, generate_world
from tobs_tui.export.exporter import RunSnapshot

ALLOWED = {
    Ending.ITSELF: {0, 1, 3},
    Ending.KILL: {0, 1, 3, -9},
    Ending.KILL_DRAINING: {0, 1, 3, 4, -9},
    Ending.DRAIN: {0, 1, 3, 4},
    Ending.HANGUP: {0, 1, 3, 4},
    Ending.ABORT: {0, 1, 3, 4, 130},
}
"""How a disturbed run may leave. 1 is for a server that was out of reach while it connected."""

NOT_FORESEEN = ("what it was not made for", "Traceback", "Task exception was never retrieved")


BRINGS_FILES = "media" in RunSnapshot.__struct_fields__
SEES_CHANGES = find_spec("tobs_tui.export.changes") is not None
"""What this version of the program does by itself; without it a calm run is told to read all again."""


class Failed(AssertionError):
    """A round ended otherwise than it must. Its text is the whole story."""


class Round:
    """One seed's server, world and vault in a folder of its own."""

    def __init__(self, plan: RoundPlan, folder: Path, tell: Callable[[str], None]) -> None:
        self._plan = plan
        self._folder = folder
        self._tell = tell
        self._dice = Random(f"dice {plan.seed}")
        self._takeouts = Takeouts()
        self._story: list[str] = []
        self.exits: list[int] = []
        """How the disturbed runs left."""

    async def play(self) -> None:
        """The whole round. :raises Failed: something is not as it must be."""
        plan = self._plan
        world = generate_world(seed=plan.world_seed, messages=plan.messages, chats=plan.chats)
        state = self._folder / "server"
        state.mkdir(mode=0o700, parents=True)
        shutil.copy(server_key(self._folder.parent), state / PRIVATE)
        server = DemoServer(world, state_dir=state)
        changes = Changes(world, plan.kinds_of_change, self._dice)
        await server.start()
        try:
            program = Program(self._folder / "tortured", server, plan.env)
            await program.login()
            for run in plan.runs:
                await self._disturbed(server, program, changes, run)
            await self._calm(server, world, program)
        except Hung as error:
            raise self._failed([str(error)]) from error
        finally:
            await server.stop()

    async def _disturbed(self, server: DemoServer, program: Program, changes: Changes, run: RunPlan) -> None:
        for _ in range(run.between):
            changes.change()
        self._say(f"{run}\n    {run.weather}")
        async with weather(server, run.weather, changes, run.changes, self._dice, self._takeouts):
            running = await program.start("export", "--all", "--json", env=run.env)
            if run.ending is not Ending.ITSELF:
                # Before its handlers stand, any signal is as good as a kill.
                await running.until(run.moment, run.amount, connected=run.ending is not Ending.KILL)
            left = await running.end(run.ending, self._dice)
        self.exits.append(left.code)
        self._say(f"    left with {left.code}; {changes.counts}")
        wrong = _badly_left(left, ALLOWED[run.ending])
        now = {chat_id: set(chat.history) for chat_id, chat in server.world.chats.items()}
        wrong += await asyncio.to_thread(
            holding.meanwhile, program.vault / ".tobs", program.vault, changes.ever, now
        )
        if wrong:
            raise self._failed(wrong)

    async def _calm(self, server: DemoServer, world: World, program: Program) -> None:
        """The last run on a server that stands still, and an undisturbed export to hold it against."""
        plan = self._plan
        self._say(f"calm {plan.last_env}")
        assert not server.faults and not server.knobs.rtt_ms
        server.faults.before(None, self._takeouts.see, times=None)
        left = await program.run("export", "--all", "--json", *_words(), env=plan.last_env)
        wrong = _badly_left(left, {0})
        if wrong:
            raise self._failed(wrong)
        fresh = Program(self._folder / "undisturbed", server, plan.env)
        await fresh.login()
        verified, undisturbed = await asyncio.gather(
            program.run("verify", "--json"), fresh.run("export", "--all", "--json")
        )
        wrong += _badly_left(verified, {0}) + _badly_left(undisturbed, {0})
        wrong += await asyncio.to_thread(self._differences, world, program.vault, fresh.vault)
        open_ones = self._takeouts.used & server.keyring.takeouts.keys()
        if plan.last_env["USE_TAKEOUT"] == "true" and open_ones:
            wrong.append(f"takeout sessions are left open: {open_ones}")
        if "delete" in plan.kinds_of_change:
            wrong += await self._published_anew(program)
        if wrong:
            raise self._failed(wrong)

    def _differences(self, world: World, vault: Path, fresh: Path) -> list[str]:
        plan, folder, truth = self._plan, vault / ".tobs", Truth.of(world)
        asked = Settings.model_validate({name.lower(): value for name, value in plan.env.items()})
        wrong = holding.of_truth(folder, truth)
        if BRINGS_FILES:
            wrong += holding.of_files(folder, vault, truth, asked.media_kinds, asked.media_max_file_size)
        wrong += holding.of_search(folder, truth, [f"word{self._dice.randrange(1, 99):06}" for _ in range(9)])
        traced = holding.paths_with_traces(folder, truth, vault, fresh)
        wrong += [f"notes: {line}" for line in holding.of_notes(vault, fresh, but=traced)]
        if "delete" not in plan.kinds_of_change:
            wrong += holding.of_dump(folder, fresh / ".tobs", moved=plan.moves)
        return wrong

    async def _published_anew(self, program: Program) -> list[str]:
        """Notes are a function of the archive: published into an empty vault they are the same bytes."""
        anew = program.home / "anew"
        shutil.copytree(program.vault / ".tobs", anew / ".tobs")
        if (program.vault / "media").exists():
            shutil.copytree(program.vault / "media", anew / "media", copy_function=os.link)
        left = await program.run("publish", env={"EXPORT_PATH": str(anew)})
        wrong = _badly_left(left, {0})
        return wrong + [f"published anew: {line}" for line in holding.of_notes(program.vault, anew)]

    def _say(self, line: str) -> None:
        self._story.append(line)
        self._tell(line)

    def _failed(self, wrong: list[str]) -> Failed:
        return Failed("\n".join([f"seed {self._plan.seed}", *self._story, "", *wrong]))


async def play_round(seed: int, folder: Path, tell: Callable[[str], None] = lambda line: None) -> list[int]:
    """Play the round of a seed in an empty folder; gives how the disturbed runs left.

    :raises Failed: when it does not end as it must.
    """
    played = Round(plan_round(seed), folder, tell)
    await played.play()
    return played.exits


def server_key(folder: Path) -> Path:
    """One RSA key for all rounds beside each other: making one takes a second."""
    kept = folder / "server-key"
    if not (kept / PRIVATE).exists():
        ServerKey.load_or_make(kept)
    return kept / PRIVATE


def _words() -> tuple[str, ...]:
    return () if SEES_CHANGES else ("--recheck",)


def _badly_left(left: Left, allowed: set[int]) -> list[str]:
    wrong = [f"stderr: {left.err[-3000:]}"] if any(words in left.err for words in NOT_FORESEEN) else []
    if left.code not in allowed:
        wrong.append(f"left with {left.code}, not {sorted(allowed)}\n{left.out[-3000:]}\n{left.err[-3000:]}")
    return wrong
