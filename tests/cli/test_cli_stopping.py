"""Stopping: one signal drains, two abort, deadlines hold whatever the server does, and nothing is lost."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Program

    Serve = Callable[..., dict[str, Any]]
    ProgramOn = Callable[..., Program]

SIZE = ("--messages", "20000", "--chats", "6")
FAR = (*SIZE, "--rtt-ms", "60")


def test_one_signal_drains_and_the_next_run_ends_equal(serve: Serve, program_on: ProgramOn) -> None:
    server = serve(*FAR)
    program = program_on(server)
    process = program.begin_export("--all")
    time.sleep(1.0)
    process.send_signal(signal.SIGINT)
    code, report = program.end_export(process, within=5.5)
    assert (code, report["status"]) == (4, "drained")
    assert report["messages_new"] > 0
    program.run("verify", expect=3)
    assert program.export("--all")["status"] == "complete"
    program.run("verify")
    undisturbed = program_on(server)
    undisturbed.export("--all")
    assert program.notes() == undisturbed.notes()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_two_signals_abort_at_once(serve: Serve, program_on: ProgramOn, number: signal.Signals) -> None:
    program = program_on(serve(*FAR))
    process = program.begin_export("--all")
    time.sleep(0.5)
    process.send_signal(number)
    time.sleep(0.03)  # a drain may be quick: the second must come while it lasts
    process.send_signal(number)
    code, report = program.end_export(process, within=2.0)
    assert (code, report["status"]) == (130, "aborted")
    program.run("verify", expect=3)


def test_a_hangup_drains_and_never_aborts(serve: Serve, program_on: ProgramOn) -> None:
    program = program_on(serve(*FAR))
    process = program.begin_export("--all")
    time.sleep(0.5)
    process.send_signal(signal.SIGHUP)
    process.send_signal(signal.SIGHUP)
    code, _ = program.end_export(process, within=5.5)
    assert code == 4


def test_a_server_that_does_not_answer_holds_nobody(serve: Serve, program_on: ProgramOn) -> None:
    server = serve(*FAR)
    program = program_on(server)
    process = program.begin_export("--all")
    time.sleep(0.5)
    os.kill(server["pid"], signal.SIGSTOP)
    try:
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        code, report = program.end_export(process, within=10.0)
    finally:
        os.kill(server["pid"], signal.SIGCONT)
    assert (code, report["status"]) == (4, "drained")


def test_a_flood_wait_holds_nobody(serve: Serve, program_on: ProgramOn) -> None:
    program = program_on(serve(*SIZE, "--flood", "5", "--flood-wait", "120"))
    process = program.begin_export("--all")
    time.sleep(2.0)
    process.send_signal(signal.SIGTERM)
    code, report = program.end_export(process, within=5.5)
    assert (code, report["status"]) == (4, "drained")
    assert report["flood_wait_s"] > 0


@pytest.mark.parametrize("rounds", [3, pytest.param(20, marks=pytest.mark.slow)])
def test_kill_9_at_random_instants_ends_equal(
    serve: Serve, program_on: ProgramOn, rounds: int, record_property: Callable[[str, object], None]
) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    record_property("seed", seed)
    dice = random.Random(seed)
    server = serve(*SIZE, "--rtt-ms", "4")
    undisturbed = program_on(server)
    undisturbed.export("--all")
    expected = undisturbed.notes()
    for _ in range(rounds):
        program = program_on(server)
        for _ in range(2):
            process = program.start("export", "--all", "--json")
            time.sleep(dice.uniform(0.6, 3.5))
            process.kill()
            process.communicate()
        report = program.export("--all")
        assert report["status"] == "complete"
        program.run("verify")
        assert program.notes() == expected
