"""What the peer programs share: the number of threads, the clock, and the line that is printed."""

import os
import time
from collections.abc import Callable


def use_threads(threads: int) -> None:
    """Limits every library to `threads`; to be called before any of them is imported.

    One thread is pinned to a core, the last one unless the environment variable PIN names another.
    """
    count = str(threads)
    os.environ.update(OMP_NUM_THREADS=count, OPENBLAS_NUM_THREADS=count, MKL_NUM_THREADS=count)
    eigen = "true" if threads > 1 else "false"
    os.environ["JAX_PLATFORMS"] = "cpu"
    os.environ["XLA_FLAGS"] = f"--xla_cpu_multi_thread_eigen={eigen} intra_op_parallelism_threads={count}"
    if threads == 1:
        os.sched_setaffinity(0, {pinned_core()})


def pinned_core() -> int:
    """The core on which measurements with one thread run."""
    return int(os.environ.get("PIN", max(os.sched_getaffinity(0))))


def timed(work: Callable[[], object], seconds: float) -> list[float]:
    """Milliseconds of each run of `work`, sorted: as many as fit in `seconds`, 3 to 1,000.

    The first run is left out of them, unless it takes over 5 s: then it is the only one. The caller has
    run the work once before, so that it is compiled and warm.
    """
    once = clock(work)
    if once > 5e3:
        return [once]
    repeats = max(3, min(1000, int(1e3 * seconds / once)))
    return sorted(clock(work) for _ in range(repeats))


def clock(work: Callable[[], object]) -> float:
    """Milliseconds that one run of `work` takes."""
    start = time.perf_counter()
    work()
    return 1e3 * (time.perf_counter() - start)


def report(work: str, peer: str, threads: int, runs: list[float]) -> None:
    """Prints `work,peer,threads,median_ms,min_ms,max_ms` for the sorted `runs`.

    A peer that cannot do the work prints `work,peer,threads,failed: why` instead.
    """
    print(f"{work},{peer},{threads},{runs[len(runs) // 2]:.4f},{runs[0]:.4f},{runs[-1]:.4f}", flush=True)
