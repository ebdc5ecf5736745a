"""One update of BU (Eq. 16, AMSGrad) on prepared batches, in PyTorch or JAX; see README.md."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass

from measure import clock, report, use_threads

PEERS = ("torch", "torch-fused", "torch-compile", "jax", "jax-scan")
BATCHES, LEARNING_RATE, EPSILON = 8, 1e-3, 1e-6


@dataclass(frozen=True)
class Net:
    """Layer sizes, rows of a batch, and the settings of Sec. 4.1.1 (ring) or 4.2.2."""

    sizes: list[int]
    normal: int
    anomalous: int
    sigma: float
    lam: float
    activation: str


def fcn(mel: int, context: int, units: int, hidden: int, code: int) -> Net:
    """A net of Sec. 4.2.2: encoder and decoder of one input, `hidden` hidden and one output layer each."""
    d, wide = mel * (2 * context + 1), [units] * (hidden + 1)
    return Net([d, *wide, code, *wide, d], 1560, 312, 1 / (2 * d), 2.0 * mel, "relu")


NETS = {
    "ring": Net([2, 20, 10, 20, 2], 500, 500, 4.0, 4.0, "sigmoid"),
    "fcn40-large": fcn(40, 5, 512, 4, 128),
    "fcn40-small": fcn(40, 5, 128, 2, 40),
    "fcn64-large": fcn(64, 10, 512, 4, 128),
    "fcn64-small": fcn(64, 10, 128, 2, 40),
}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("net", choices=NETS)
    parser.add_argument("--peer", default="torch", choices=PEERS)
    parser.add_argument("--kde", action="store_true", help="compute the weights inside the step")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, default=20, help="updates of one run")
    parser.add_argument("--rounds", type=int, default=5, help="runs that are timed")
    return parser.parse_args()


ARGS = arguments()
NET = NETS[ARGS.net]
use_threads(ARGS.threads)

import numpy as np  # noqa: E402


def torch_steps(batches: list[np.ndarray]) -> Callable[[int], float]:
    """A function that does so many updates with PyTorch and returns the last loss."""
    import torch

    torch.set_num_threads(ARGS.threads)
    activation = {"sigmoid": torch.nn.Sigmoid, "relu": torch.nn.ReLU}[NET.activation]
    layers: list[torch.nn.Module] = []
    for fan_in, fan_out in zip(NET.sizes, NET.sizes[1:]):
        layers += [torch.nn.Linear(fan_in, fan_out), activation()]
    net = torch.nn.Sequential(*layers[:-1])
    fused = True if ARGS.peer != "torch" else None
    optimizer = torch.optim.Adam(net.parameters(), lr=LEARNING_RATE, amsgrad=True, fused=fused)

    @torch.no_grad()
    def weights(x):
        q = (x * x).sum(1)
        distances = (q[:, None] + q[None] - 2 * x @ x.T).clamp_min(0)
        return 1 / (torch.exp(-NET.sigma * distances).mean(1) + EPSILON)

    def loss(x, w):
        a = ((net(x) - x) ** 2).sum(1)
        clipped = NET.lam * torch.tanh(a[NET.normal :] / NET.lam)
        return (w * a[: NET.normal]).sum() / w.sum() - clipped.mean()

    xs = [torch.from_numpy(x) for x in batches]
    given = [weights(x[: NET.normal]) for x in xs]
    if ARGS.peer == "torch-compile":
        loss, weights = torch.compile(loss), torch.compile(weights)

    def run(steps: int) -> float:
        for i in range(steps):
            x = xs[i % BATCHES]
            optimizer.zero_grad(set_to_none=True)
            value = loss(x, weights(x[: NET.normal]) if ARGS.kde else given[i % BATCHES])
            value.backward()
            optimizer.step()
        return value.item()

    return run


def jax_steps(batches: list[np.ndarray], rng: np.random.Generator) -> Callable[[int], float]:
    """The same with JAX: each update jitted, or (`jax-scan`) the loop as a whole."""
    import jax
    import jax.numpy as jnp

    activation = {"sigmoid": jax.nn.sigmoid, "relu": jax.nn.relu}[NET.activation]

    def weights(x):
        q = (x * x).sum(1)
        distances = jnp.maximum(q[:, None] + q[None] - 2 * x @ x.T, 0)
        return 1 / (jnp.exp(-NET.sigma * distances).mean(1) + EPSILON)

    def loss(params, x, w):
        h = x
        for i, (weight, bias) in enumerate(params):
            h = h @ weight + bias
            if i < len(params) - 1:
                h = activation(h)
        a = ((h - x) ** 2).sum(1)
        clipped = NET.lam * jnp.tanh(a[NET.normal :] / NET.lam)
        return (w * a[: NET.normal]).sum() / w.sum() - clipped.mean()

    def step(state, x, w):
        params, m, v, v_max, t = state
        if ARGS.kde:
            w = jax.lax.stop_gradient(weights(x[: NET.normal]))
        value, gradient = jax.value_and_grad(loss)(params, x, w)
        t = t + 1
        m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, gradient)
        v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, gradient)
        v_max = jax.tree.map(jnp.maximum, v_max, v)
        rate, correction = LEARNING_RATE / (1 - 0.9**t), 1 - 0.999**t
        move = lambda p, m, u: p - rate * m / (jnp.sqrt(u / correction) + 1e-8)  # noqa: E731
        params = jax.tree.map(move, params, m, v_max)
        return (params, m, v, v_max, t), value

    def layer(fan_in, fan_out):
        bound = 1 / np.sqrt(fan_in)
        return jnp.asarray(rng.uniform(-bound, bound, (fan_in, fan_out)), jnp.float32), jnp.zeros(fan_out)

    params = [layer(*fans) for fans in zip(NET.sizes, NET.sizes[1:])]
    zeros = [jax.tree.map(jnp.zeros_like, params) for _ in range(3)]
    state = (params, *zeros, jnp.float32(0))
    xs = [jnp.asarray(x) for x in batches]
    given = [weights(x[: NET.normal]) for x in xs]

    if ARGS.peer == "jax-scan":
        all_xs, all_given = jnp.stack(xs), jnp.stack(given)

        def nth(state, i):
            return step(state, all_xs[i % BATCHES], all_given[i % BATCHES])

        loop = jax.jit(lambda state, indices: jax.lax.scan(nth, state, indices))

        def run(steps: int) -> float:
            nonlocal state
            state, values = loop(state, jnp.arange(steps))
            return float(values[-1])

        return run

    one = jax.jit(step, donate_argnums=0)

    def run(steps: int) -> float:
        nonlocal state
        for i in range(steps):
            state, value = one(state, xs[i % BATCHES], given[i % BATCHES])
        return float(value)

    return run


def main() -> None:
    rng = np.random.default_rng(0)
    shape = (NET.normal + NET.anomalous, NET.sizes[0])
    batches = [rng.standard_normal(shape).astype(np.float32) for _ in range(BATCHES)]
    run = torch_steps(batches) if ARGS.peer.startswith("torch") else jax_steps(batches, rng)
    # The scanned loop is compiled for one number of steps.
    run(ARGS.steps if ARGS.peer == "jax-scan" else 3)
    runs = sorted(clock(lambda: run(ARGS.steps)) / ARGS.steps for _ in range(ARGS.rounds))
    report(f"{ARGS.net}{'+kde' if ARGS.kde else ''}", ARGS.peer, ARGS.threads, runs)


if __name__ == "__main__":
    main()
