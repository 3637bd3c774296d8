"""What the bus costs a Python program."""

from __future__ import annotations

from .drivers import PYTHON, Drivers, Settings
from .processes import run
from .results import Figure, Goal, Section

SIZE = 64
AIM = Goal(2.0, "least")
STEPS = {
    "single send": "send()",
    "single receive": "recv()",
    "many send": "send_many()",
    "many receive": "recv_many(): copies",
    "batch receive": "recv_batch(): views",
}
"""Steps of bench/py/drive.py, and how they stand in the table."""
BATCHED = ("many send", "batch receive")


def measure(drivers: Drivers, settings: Settings) -> Section:
    """Let the driver take its turns."""
    section = Section(
        name="python",
        title="Messages a second from Python",
        how=f"Messages of {SIZE} B in one thread, pinned to a core; one message a call, and 1024 a "
        "call. The broker runs in between, untimed. A round's value is the median over batches.",
        peers=(PYTHON,),
    )
    batches = str(settings.pick(200, 50, 3))
    for _ in range(settings.rounds):
        command = [*drivers.python, "--sizes", str(SIZE), "--batches", batches, "--turns", "1"]
        section.rows += run(command, limit=120)
    for step, title in STEPS.items():
        rates = [1e3 / row["p50"] for row in section.rows if row["step"] == step]
        goals = ((PYTHON, AIM),) if step in BATCHED else ()
        section.figures.append(Figure(title, "million/s", {PYTHON: rates}, (), goals))
    return section
