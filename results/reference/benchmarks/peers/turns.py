"""What is compared with what, and the turns: a peer's programs, ours, the peer's again."""

import functools
import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from measure import pinned_core

HERE = Path(__file__).resolve().parent
WORKSPACE = HERE.parents[3]
QUICK_CRITERION = ["--warm-up-time", "0.1", "--measurement-time", "0.1", "--sample-size", "10"]


@dataclass(frozen=True)
class Bench:
    """A criterion benchmark: its package and target, and the ids to take, by the name of the program."""

    package: str
    target: str
    ids: dict[str, str]


@dataclass(frozen=True)
class Comparison:
    """Peer commands, and what stands against them; `once` runs only in the first turn, being slow."""

    work: str
    peers: list[list[str]]
    ours: Bench | list[str] | None
    once: list[list[str]] = field(default_factory=list)
    quick: list[str] = field(default_factory=list)
    threads: tuple[int, ...] = (1, 2)


@dataclass(frozen=True)
class Row:
    """One program in one turn (from 0; ours are the odd ones)."""

    turn: int
    ours: bool
    work: str
    program: str
    threads: int
    median_ms: float
    min_ms: float
    max_ms: float


def kde(size: str) -> Comparison:
    """The density of Eq. 15; SciPy and scikit-learn are slow and use one thread whatever is asked."""
    program = ["kde.py", "--sizes", size, "--threads", "{threads}"]
    return Comparison(
        work=f"kde-{size}",
        peers=[[*program, "--peers", "jax,torch-gram,torch-compile,numpy-gram"]],
        ours=Bench("losses", "kde", {"losses": f"kde/{size}/{{threads}}"}),
        once=[[*program, "--peers", "torch-cdist,scipy-cdist-f64,sklearn-KernelDensity"]],
        quick=["--seconds", "0.02"],
    )


def ring() -> Comparison:
    """One update of the ring's net with BU weights."""

    def step(peer: str, steps: int) -> list[str]:
        program = ["training_step.py", "ring", "--kde", "--threads", "{threads}"]
        return [*program, "--peer", peer, "--steps", str(steps)]

    return Comparison(
        work="ring+kde",
        peers=[step("jax-scan", 5000), step("jax", 1000), step("torch", 300), step("torch-compile", 300)],
        ours=Bench("models", "ring_update", {e: f"ring_update/{e}/{{threads}}" for e in ("fused", "candle")}),
        quick=["--steps", "5", "--rounds", "1"],
        threads=(1,),
    )


def update(net: str, kde: bool) -> Comparison:
    """One update of a net of Sec. 4.2.2 on a given batch, its weights estimated (`kde`) or given too; where they are
    given, ours also in parts, and the matrix products of an update alone."""

    def step(peer: str) -> list[str]:
        steps = 10 if net.endswith("large") else 50
        program = ["training_step.py", net, "--threads", "{threads}", "--rounds", "3"]
        return [*program, "--peer", peer, "--steps", str(steps), *(["--kde"] if kde else [])]

    engines = ["fused-kde"] if kde else ["fused", "fused-forward", "fused-gradient", "candle"]
    ids = {engine: f"update/{net}/{engine}/{{threads}}" for engine in engines}
    products = {} if kde else {"products": f"products/{net}/{{threads}}"}
    return Comparison(
        work=f"{net}+kde" if kde else net,
        peers=[step(peer) for peer in ("jax", "torch", "torch-compile")],
        ours=Bench("models", "update", {**ids, **products}),
        quick=["--steps", "2", "--rounds", "1"],
    )


def front_end(net: str) -> Comparison:
    """Feature rows of 30 s of sound."""
    return Comparison(
        work=f"front-end-{net}",
        peers=[["front_end.py", "--nets", net]],
        ours=Bench("features", "front_end", {"features": f"front_end/{net}_rows"}),
        quick=["--seconds", "0.02"],
        threads=(1,),
    )


GEMM = Comparison(
    work="gemm",
    peers=[["gemm.py", "--threads", "{threads}"]],
    ours=None,
    quick=["--seconds", "0.02"],
)
KDE_SIZES = ("500x2", "1560x440", "1560x1344", "8192x440")
NETS = ("fcn40", "fcn64")
SIZES = [f"{net}-{size}" for net in NETS for size in ("large", "small")]
UPDATES = [update(size, kde) for size in SIZES for kde in (False, True)]
COMPARISONS = {c.work: c for c in (GEMM, *map(kde, KDE_SIZES), ring(), *UPDATES, *map(front_end, NETS))}


def given(peer: str, ours: str) -> Comparison:
    """A comparison of two commands, each of which prints lines as the peer programs do."""
    return Comparison("given", [shlex.split(peer)], shlex.split(ours))


class Turns:
    """The turns of one comparison: the rows measured, and what went wrong."""

    def __init__(self, comparison: Comparison, threads: int, quick: bool) -> None:
        self.comparison, self.threads, self.quick = comparison, threads, quick
        self.rows: list[Row] = []
        self.problems: dict[str, str] = {}  # by program or command; one that fails is not tried again

    def take(self, rounds: int) -> None:
        """The peers, then ours and the peers again in every round; without ours, the peers once."""
        self.attempt_peers(0, self.comparison.peers)
        if self.threads == 1:
            self.attempt_peers(0, self.comparison.once)
        if self.comparison.ours is not None:
            for turn in range(1, 2 * rounds, 2):
                self.attempt("ours", lambda: self.ours(turn))
                self.attempt_peers(turn + 1, self.comparison.peers)

    def attempt_peers(self, turn: int, commands: list[list[str]]) -> None:
        """Every command once."""
        for command in commands:
            self.attempt(shlex.join(command), lambda: self.peer(turn, command))

    def attempt(self, name: str, measure: Callable[[], list[Row]]) -> None:
        """Keeps the rows, or why there are none."""
        if name not in self.problems:
            try:
                self.rows += measure()
            except RuntimeError as error:
                self.problems[name] = str(error)

    def peer(self, turn: int, command: list[str]) -> list[Row]:
        """The lines that a peer's command prints; a program of this folder runs with this Python."""
        command = [part.replace("{threads}", str(self.threads)) for part in command]
        if (HERE / command[0]).is_file():
            command = [sys.executable, str(HERE / command[0]), *command[1:]]
        return self.parse(turn, False, run(command + (self.comparison.quick if self.quick else [])))

    def ours(self, turn: int) -> list[Row]:
        """What our benchmark, or the command in its place, measures."""
        bench = self.comparison.ours
        if isinstance(bench, list):
            return self.parse(turn, True, run(bench))
        base = ["cargo", "bench", "--workspace", "--bench", bench.target]
        run([*base, "--no-run"])  # on all cores, before one thread is pinned
        ids = {program: name.format(threads=self.threads) for program, name in bench.ids.items()}
        options = QUICK_CRITERION if self.quick else []
        start = time.time()
        run([*base, "--", f"^({'|'.join(ids.values())})$", *options], pinned=self.threads == 1)
        rows = []
        for program, name in ids.items():
            estimate = criterion_estimate(name, start)
            rows.append(Row(turn, True, self.comparison.work, program, self.threads, *estimate))
            print(f"{name}: {estimate[0]:.4f} ms", file=sys.stderr)
        return rows

    def parse(self, turn: int, ours: bool, output: str) -> list[Row]:
        """The lines `work,program,threads,median_ms,min_ms,max_ms` or `...,failed: why` of a command."""
        rows = []
        for line in output.splitlines():
            cells = line.split(",")
            if len(cells) > 3 and cells[3].startswith("failed: "):
                self.problems[f"{cells[0]} by {cells[1]}"] = ",".join(cells[3:])
            elif len(cells) == 6:
                rows.append(Row(turn, ours, cells[0], cells[1], int(cells[2]), *map(float, cells[3:])))
                print(line, file=sys.stderr)
        if not rows:
            raise RuntimeError("it printed no line of the form work,program,threads,median_ms,min_ms,max_ms")
        return rows


def run(command: list[str], pinned: bool = False) -> str:
    """Standard output of `command`, run in the workspace; on one core if `pinned`."""
    pin = (lambda: os.sched_setaffinity(0, {pinned_core()})) if pinned else None
    try:
        done = subprocess.run(command, cwd=WORKSPACE, capture_output=True, text=True, preexec_fn=pin)
    except OSError as error:
        raise RuntimeError(f"{command[0]} cannot be run: {error}") from error
    if done.returncode != 0:
        last = (done.stderr.strip() or "nothing on standard error").splitlines()[-1]
        raise RuntimeError(f"exit code {done.returncode}: {last}")
    return done.stdout


@functools.cache
def criterion_folder() -> Path:
    """Where criterion keeps its results."""
    metadata = json.loads(run(["cargo", "metadata", "--no-deps", "--format-version", "1"]))
    return Path(metadata["target_directory"]) / "criterion"


def criterion_estimate(name: str, start: float) -> tuple[float, float, float]:
    """Median, lowest and highest milliseconds of the benchmark `name`, measured after `start`."""
    for path in criterion_folder().glob("**/new/benchmark.json"):
        estimates = path.with_name("estimates.json")
        if json.loads(path.read_text())["full_id"] == name and estimates.stat().st_mtime >= start - 1:
            sample = json.loads(path.with_name("sample.json").read_text())
            runs = [t / n / 1e6 for t, n in zip(sample["times"], sample["iters"])]
            return json.loads(estimates.read_text())["median"]["point_estimate"] / 1e6, min(runs), max(runs)
    raise RuntimeError(f"criterion measured nothing with the id {name} (looked in {criterion_folder()})")
