"""A float32 matrix product M x K times K x N in NumPy, PyTorch and JAX; see README.md."""

import argparse
import sys

from measure import report, timed, use_threads


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--sizes", default="1560x440x1560", help="M x K x N, comma-separated")
    parser.add_argument("--seconds", type=float, default=1.0, help="time spent on one measurement")
    return parser.parse_args()


ARGS = arguments()
use_threads(ARGS.threads)

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402

torch.set_num_threads(ARGS.threads)


def main() -> None:
    for m, k, n in (map(int, size.split("x")) for size in ARGS.sizes.split(",")):
        rng = np.random.default_rng(0)
        a, b = (rng.standard_normal(shape).astype(np.float32) for shape in ((m, k), (k, n)))
        at, bt, aj, bj = torch.from_numpy(a), torch.from_numpy(b), jnp.asarray(a), jnp.asarray(b)
        product = jax.jit(lambda p, q: p @ q)
        peers = {
            "numpy": lambda: a @ b,
            "torch": lambda: at @ bt,
            "jax": lambda: product(aj, bj).block_until_ready(),
        }
        for name, work in peers.items():
            work()
            runs = timed(work, ARGS.seconds)
            report(f"gemm-{m}x{k}x{n}", name, ARGS.threads, runs)
            rate = 2e-6 * m * k * n / runs[len(runs) // 2]
            print(f"gemm-{m}x{k}x{n}: {name}, {ARGS.threads} threads: {rate:.0f} GFLOP/s", file=sys.stderr)


if __name__ == "__main__":
    main()
