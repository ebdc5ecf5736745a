"""Measures the peers and this workspace in turns, and writes the table of medians and ratios; see README.md.

On a machine whose speed drifts, only ratios of neighbouring turns mean something: a peer's turn, ours,
the peer's again, ours, and so on. Ours is a criterion benchmark of the workspace, or any command.
"""

import argparse
import csv
import sys
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path
from statistics import mean, median

import machine
from turns import COMPARISONS, Comparison, Row, Turns, given

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Line:
    """A line of the table: milliseconds over turns, and the ratio to ours in neighbouring turns."""

    work: str
    threads: int
    program: str
    turns: int
    median_ms: float
    lowest_ms: float
    highest_ms: float
    ratio: float | None
    ratio_lowest: float | None
    ratio_highest: float | None


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    works = ",".join(COMPARISONS)
    parser.add_argument("--works", default=works, help=f"comma-separated, of {works} (default: all)")
    parser.add_argument("--rounds", type=int, default=5, help="turns of ours; the peers get one more")
    parser.add_argument("--threads", default="1,2", help="comma-separated")
    parser.add_argument("--without", default="", metavar="PEER", help="a peer of an update left out: torch-compile")
    parser.add_argument("--quick", action="store_true", help="the shortest run, to see that everything works")
    parser.add_argument("--peer", metavar="COMMAND", help="instead of --works: prints a peer's lines")
    parser.add_argument("--ours", metavar="COMMAND", help="with --peer: prints ours, in the same form")
    parser.add_argument("--out", type=Path, default=HERE.parent, help="folder for the table and the CSV files")
    parser.add_argument("--name", default="peers", help="writes NAME.md, NAME.csv and NAME-turns.csv")
    args = parser.parse_args()
    if bool(args.peer) != bool(args.ours):
        parser.error("--peer and --ours go together")
    if args.rounds < 1:
        parser.error("--rounds: expected 1 or more")
    unknown = set(args.works.split(",")) - set(COMPARISONS)
    if unknown:
        parser.error(f"--works: {', '.join(sorted(unknown))} is not one of {', '.join(COMPARISONS)}")
    return args


def chosen(args: argparse.Namespace) -> list[tuple[Comparison, int]]:
    """The comparisons that were asked for, each with a number of threads."""
    if args.peer:
        return [(given(args.peer, args.ours), 1)]
    comparisons = [COMPARISONS[work] for work in args.works.split(",")]
    comparisons = [replace(c, peers=[p for p in c.peers if args.without not in p]) for c in comparisons]
    return [(c, int(t)) for c in comparisons for t in args.threads.split(",") if int(t) in c.threads]


def summarise(rows: list[Row]) -> list[Line]:
    """A line for each program of each work; ours is compared with itself, which gives 1."""
    table = []
    for work, threads in dict.fromkeys((r.work, r.threads) for r in rows):
        here = [r for r in rows if (r.work, r.threads) == (work, threads)]
        ours = next((r.program for r in here if r.ours), None)
        base = {r.turn: r.median_ms for r in here if r.program == ours}
        for program in dict.fromkeys(r.program for r in here):
            times = {r.turn: r.median_ms for r in here if r.program == program}
            ratios = []
            for turn, reference in base.items():
                near = [times[t] for t in (turn - 1, turn, turn + 1) if t in times]
                if near:
                    ratios.append(mean(near) / reference)
            all_ms = list(times.values())
            spread = (median(ratios), min(ratios), max(ratios)) if ratios else (None, None, None)
            levels = (median(all_ms), min(all_ms), max(all_ms))
            table.append(Line(work, threads, program, len(times), *levels, *spread))
    return table


def counted(threads: int) -> str:
    """`1 thread`, `2 threads`."""
    return f"{threads} thread{'s' if threads > 1 else ''}"


def gemm_rates(table: list[Line]) -> dict[int, float]:
    """The best GFLOP/s of a matrix product measured in this run, by number of threads."""
    rates: dict[int, float] = {}
    for line in table:
        if line.work.startswith("gemm-"):
            m, k, n = map(int, line.work.removeprefix("gemm-").split("x"))
            rates[line.threads] = max(rates.get(line.threads, 0), 2e-6 * m * k * n / line.median_ms)
    return rates


def gemm_share(table: list[Line], ours: set[str]) -> list[str]:
    """Markdown of the best GEMM rate, and our KDE beside the useful half of its Gram matrix at that rate."""
    rates = gemm_rates(table)
    text = [f"Best matrix product, {counted(t)}: {rate:.0f} GFLOP/s." for t, rate in rates.items()]
    text += products_share(table)
    rows = []
    for line in table:
        if line.work.startswith("kde-") and line.program in ours and line.threads in rates:
            m, d = map(int, line.work.removeprefix("kde-").split("x"))
            if d >= 440:
                limit = 1e-6 * m * (m + 1) * d / rates[line.threads]
                share = f"| {line.work} | {line.threads} | {line.median_ms:.4g} | {limit:.4g} |"
                rows.append(f"{share} {line.median_ms / limit:.2f} |")
    if rows:
        head = "| work | threads | ours, ms | useful half of the Gram matrix at that rate, ms | ratio |"
        text += ["", head, "| --- | --: | --: | --: | --: |", *rows]
    return text


def products_share(table: list[Line]) -> list[str]:
    """Markdown of the parts of an update, and of the share of it that its matrix products alone would take."""
    times = {(line.work, line.threads, line.program): line.median_ms for line in table}
    rows = []
    for work, threads, program in times:
        if program == "products":
            named = ("fused-forward", "fused-gradient", "fused", "products")
            forward, gradient, whole, products = (times[work, threads, name] for name in named)
            parts = [whole, forward, gradient - forward, whole - gradient]
            if (estimated := times.get((f"{work}+kde", threads, "fused-kde"))) is not None:
                parts.append(estimated - whole)
            cells = [f"{part:.4g}" for part in parts] + ["-"] * (5 - len(parts))
            rows.append(f"| {work} | {threads} | {' | '.join(cells)} | {products:.4g} | {products / whole:.2f} |")
    head = "| work | threads | fused, ms | forward | backward | optimizer | density beside it | products alone | share |"
    return ["", head, "| --- | --: | --: | --: | --: | --: | --: | --: | --: |", *rows] if rows else []


def markdown(table: list[Line], ours: set[str], problems: list[str], facts: list[str]) -> str:
    """The report: the table, what the GEMM rate allows, the machine, and what could not be measured."""
    text = ["# Peers and this workspace, measured in turns", ""]
    text += ["`times ours` is the median over rounds of the time of a peer's turns just before and just"]
    text += ["after ours, divided by ours, with the lowest and the highest round. Ours is in bold.", ""]
    text += ["| work | threads | program | median, ms | lowest - highest | times ours | lowest - highest |"]
    text += ["| --- | --: | --- | --: | --- | --: | --- |"]
    for line in table:
        name = f"**{line.program}**" if line.program in ours else line.program
        times = f"{line.median_ms:.4g} | {line.lowest_ms:.4g} - {line.highest_ms:.4g}"
        ratio = "- | -"
        if line.ratio is not None:
            ratio = f"{line.ratio:.2f} | {line.ratio_lowest:.2f} - {line.ratio_highest:.2f}"
        text += [f"| {line.work} | {line.threads} | {name} | {times} | {ratio} |"]
    text += ["", *gemm_share(table, ours), "", "## Machine", "", *facts]
    if problems:
        text += ["", "## Not measured", "", *(f"- {p}" for p in problems)]
    return "\n".join(text) + "\n"


def write_csv(path: Path, kind: type, records: list) -> None:
    """A CSV file of the fields of the dataclass `kind`."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(f.name for f in fields(kind))
        for record in records:
            writer.writerow(f"{v:.6g}" if isinstance(v, float) else v for v in astuple(record))


def main() -> int:
    args = arguments()
    args.out.mkdir(parents=True, exist_ok=True)
    facts = machine.facts(f"rounds: {args.rounds}{' (quick: the figures mean nothing)' if args.quick else ''}")
    rows, problems = [], []
    for comparison, threads in chosen(args):
        turns = Turns(comparison, threads, args.quick)
        turns.take(args.rounds)
        rows += turns.rows
        head = f"{comparison.work}, {counted(threads)}"
        problems += [f"{head}, {name}: {why}" for name, why in turns.problems.items()]
    table = summarise(rows)
    report = markdown(table, {r.program for r in rows if r.ours}, problems, facts)
    write_csv(args.out / f"{args.name}-turns.csv", Row, rows)
    write_csv(args.out / f"{args.name}.csv", Line, table)
    (args.out / f"{args.name}.md").write_text(report)
    print(report)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
