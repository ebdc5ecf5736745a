"""Density of Eq. 15 on M rows of D features in NumPy, SciPy, scikit-learn, PyTorch and JAX; see README.md."""

import argparse
from collections.abc import Callable

from measure import report, timed, use_threads

PEERS = "torch-cdist torch-gram torch-compile jax numpy-gram scipy-cdist-f64 sklearn-KernelDensity"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--sizes", default="500x2,1560x440,1560x1344,8192x440", help="M x D, comma-separated")
    parser.add_argument("--peers", default=PEERS.replace(" ", ","), help="comma-separated")
    parser.add_argument("--seconds", type=float, default=1.0, help="time spent on one measurement")
    return parser.parse_args()


ARGS = arguments()
use_threads(ARGS.threads)

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
from scipy.spatial.distance import cdist  # noqa: E402
from sklearn.neighbors import KernelDensity  # noqa: E402

torch.set_num_threads(ARGS.threads)


def gram_density(x, sigma: float, lib):
    """Eq. 15 by the Gram matrix: |x_i - x_j|^2 = |x_i|^2 + |x_j|^2 - 2 x_i.x_j, kept from below zero."""
    q = (x * x).sum(1)
    return lib.exp(-sigma * (q[:, None] + q[None] - 2 * x @ x.T).clip(min=0)).mean(1)


def peers(x: np.ndarray, sigma: float) -> dict[str, Callable[[], np.ndarray]]:
    """The density of each row of `x`, by every library."""
    xt, xj = torch.from_numpy(x), jnp.asarray(x)
    jitted = jax.jit(lambda rows: gram_density(rows, sigma, jnp))
    compiled = torch.compile(lambda rows: gram_density(rows, sigma, torch))
    bandwidth = float(np.sqrt(1 / (2 * sigma)))
    return {
        "torch-cdist": lambda: torch.exp(-sigma * torch.cdist(xt, xt) ** 2).mean(1),
        "torch-gram": lambda: gram_density(xt, sigma, torch),
        "torch-compile": lambda: compiled(xt),
        "jax": lambda: jitted(xj).block_until_ready(),
        "numpy-gram": lambda: gram_density(x, sigma, np),
        "scipy-cdist-f64": lambda: np.exp(-sigma * cdist(x, x, "sqeuclidean")).mean(1),
        # Its density is that of Eq. 15 times a constant, and a logarithm.
        "sklearn-KernelDensity": lambda: KernelDensity(bandwidth=bandwidth).fit(x).score_samples(x),
    }


def check(name: str, density, expected: np.ndarray) -> None:
    """Raises unless a peer did the work it is timed for."""
    density = np.asarray(density, dtype=np.float64)
    if name == "sklearn-KernelDensity":
        density = np.exp(density - density[0]) * expected[0]
    if not np.allclose(density, expected, rtol=1e-3, atol=0):
        raise ValueError("its density is not that of Eq. 15")


def main() -> None:
    for m, d in (map(int, size.split("x")) for size in ARGS.sizes.split(",")):
        sigma = 4.0 if d == 2 else 1 / (2 * d)
        x = np.random.default_rng(0).standard_normal((m, d)).astype(np.float32)
        expected = gram_density(x.astype(np.float64), sigma, np)
        known = peers(x, sigma)
        for name in ARGS.peers.split(","):
            try:
                check(name, known[name](), expected)
                report(f"kde-{m}x{d}", name, ARGS.threads, timed(known[name], ARGS.seconds))
            except Exception as error:  # a peer that this machine cannot run does not stop the others
                print(f"kde-{m}x{d},{name},{ARGS.threads},failed: {error!r:.200}", flush=True)


if __name__ == "__main__":
    main()
