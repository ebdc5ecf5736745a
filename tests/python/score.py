"""Scores a WAV file with a net: the documentation of a net's folder, in NumPy.

    python score.py NET_FOLDER FILE.wav

prints the largest frame, the mean frame and the mean of the largest 5 % of frames. The file is 16-bit PCM at the rate
of the net's front end; of several channels the mean is taken. NumPy alone is needed.
"""

import json
import pathlib
import struct
import sys
import wave

import numpy as np


def tensors(path):
    """The tensors of a safetensors file by name: a length, a JSON header, then the numbers."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header, body = json.loads(data[8 : 8 + length]), data[8 + length :]
    at = {name: facts for name, facts in header.items() if name != "__metadata__"}
    return {name: np.frombuffer(body[slice(*facts["data_offsets"])], "<f4").reshape(facts["shape"]).astype(np.float64)
            for name, facts in at.items()}


def mel_bank(front):
    """Triangles of height one, evenly spaced on HTK's mel scale: (bands, fft / 2 + 1)."""
    to_mel, to_hz = lambda hz: 2595 * np.log10(1 + hz / 700), lambda m: 700 * (10 ** (m / 2595) - 1)
    edges = to_hz(np.linspace(to_mel(front["fmin"]), to_mel(front["fmax"]), front["bands"] + 2))
    bins = np.arange(front["fft"] // 2 + 1) * front["rate"] / front["fft"]
    up = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    down = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    return np.maximum(0, np.minimum(up, down))


def rows(samples, front):
    """Feature rows (Sec. 4.2.2): of each frame the magnitude spectrum, mel, logarithm; then 2C + 1 frames side by side."""
    paper = {"window": "hann", "centring": "none", "spectrum": "magnitude", "scale": "htk", "norm": "none", "log": "ln"}
    if other := {key: front[key] for key in paper if front[key] != paper[key]}:
        raise SystemExit(f"this script knows the paper's front end alone, found {other}")
    fft, hop, context = front["fft"], front["hop"], front["context"]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(fft) / fft)
    frames = np.lib.stride_tricks.sliding_window_view(samples, fft)[::hop]
    magnitudes = np.abs(np.fft.rfft(frames * window, axis=1))
    log_mel = np.log(magnitudes @ mel_bank(front).T + front["floor"]["add"])
    return np.lib.stride_tricks.sliding_window_view(log_mel, 2 * context + 1, axis=0).transpose(0, 2, 1).reshape(
        len(log_mel) - 2 * context, -1)


def scores(x, weights, activation):
    """A(x) = |x - D(E(x))|^2 of each row (Eq. 5)."""
    h, layers = x, len(weights) // 2
    for layer in range(layers):
        h = h @ weights[f"layers.{layer}.weight"].T + weights[f"layers.{layer}.bias"]
        if layer + 1 < layers:
            h = np.maximum(h, 0) if activation == "relu" else 1 / (1 + np.exp(-h))
    return ((x - h) ** 2).sum(axis=1)


def main(folder, file):
    settings = json.loads((folder / "net.json").read_text())["settings"]
    front = settings["data"]["sounds"]["front_end"]
    with wave.open(str(file)) as sound:
        if sound.getframerate() != front["rate"] or sound.getsampwidth() != 2:
            raise SystemExit(f"{file}: expected 16 bits at {front['rate']} Hz")
        samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2").reshape(-1, sound.getnchannels())
    x = rows(samples.mean(axis=1) / 32768, front)
    frames = np.sort(scores(x, tensors(folder / "weights.safetensors"), settings["architecture"]["activation"]))[::-1]
    print(f"max {frames[0]:.9g}\nmean {frames.mean():.9g}\ntop5 {frames[: int(np.ceil(0.05 * len(frames)))].mean():.9g}")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
