"""Feature rows of FCN40 and FCN64 (Sec. 4.2.2) from 30 s of sound, by librosa and PyTorch; see README.md.

All make what ours makes: |STFT| 512 / 256 without centring, mel bands, ln(x + 1e-8), and the rows with their context
as one contiguous array. `librosa` is the program in use, that of the DCASE baselines: `melspectrogram` on each file
and a loop over the context. `librosa-lean` and `torch-stft` have the bank made beforehand and the context by
strides. Ours are the criterion benchmarks `front_end/fcn40_rows` and
`front_end/fcn64_rows` (of `features`).
"""

import argparse
from collections.abc import Callable

from measure import report, timed, use_threads

RATE, FFT, HOP, FLOOR, SECONDS = 16_000, 512, 256, 1e-8, 30
NETS = {"fcn40": (40, 5), "fcn64": (64, 10)}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--nets", default="fcn40,fcn64", help="comma-separated")
    parser.add_argument("--peers", default="librosa,librosa-lean,torch-stft", help="comma-separated")
    parser.add_argument("--seconds", type=float, default=1.0, help="time spent on one measurement")
    return parser.parse_args()


ARGS = arguments()
use_threads(ARGS.threads)

import librosa  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
from numpy.lib.stride_tricks import sliding_window_view  # noqa: E402

torch.set_num_threads(ARGS.threads)


def expected(sound: np.ndarray, bank: np.ndarray, width: int) -> np.ndarray:
    """The rows in float64, from the definition."""
    frames = sliding_window_view(np.float64(sound), FFT)[::HOP]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FFT) / FFT)
    features = np.log(np.abs(np.fft.rfft(frames * hann)) @ np.float64(bank).T + FLOOR)
    return np.stack([features[r : r + width].ravel() for r in range(len(features) - width + 1)])


def peers(sound: np.ndarray, bank: np.ndarray, width: int) -> dict[str, Callable[[], np.ndarray]]:
    """The rows, by every library."""
    sound_t, bank_t, hann_t = torch.from_numpy(sound), torch.from_numpy(bank), torch.hann_window(FFT)

    def by_librosa() -> np.ndarray:
        spectrogram = librosa.feature.melspectrogram(
            y=sound, sr=RATE, n_fft=FFT, hop_length=HOP, n_mels=len(bank), power=1, center=False, htk=True, norm=None
        )
        features = np.log(spectrogram + np.float32(FLOOR))
        rows = np.zeros((features.shape[1] - width + 1, width * len(bank)), np.float32)
        for c in range(width):
            rows[:, c * len(bank) : (c + 1) * len(bank)] = features[:, c : c + len(rows)].T
        return rows

    def by_librosa_lean() -> np.ndarray:
        magnitudes = np.abs(librosa.stft(sound, n_fft=FFT, hop_length=HOP, window="hann", center=False))
        features = np.log(bank @ magnitudes + np.float32(FLOOR)).T
        windows = sliding_window_view(features, width, axis=0).swapaxes(1, 2)
        return np.ascontiguousarray(windows).reshape(len(windows), -1)

    def by_torch() -> torch.Tensor:
        spectrum = torch.stft(sound_t, FFT, HOP, window=hann_t, center=False, return_complex=True)
        features = torch.log(bank_t @ spectrum.abs() + FLOOR).T
        return features.unfold(0, width, 1).transpose(1, 2).flatten(1)

    return {"librosa": by_librosa, "librosa-lean": by_librosa_lean, "torch-stft": by_torch}


def main() -> None:
    sound = np.random.default_rng(0).uniform(-0.5, 0.5, SECONDS * RATE).astype(np.float32)
    for net in ARGS.nets.split(","):
        bands, context = NETS[net]
        bank = librosa.filters.mel(sr=RATE, n_fft=FFT, n_mels=bands, htk=True, norm=None)
        width = 2 * context + 1
        rows, known = expected(sound, bank, width), peers(sound, bank, width)
        for name in ARGS.peers.split(","):
            try:
                np.testing.assert_allclose(np.asarray(known[name]()), rows, atol=1e-4, rtol=0)
                report(f"front-end-{net}", name, ARGS.threads, timed(known[name], ARGS.seconds))
            except Exception as error:  # a peer that this machine cannot run does not stop the others
                print(f"front-end-{net},{name},{ARGS.threads},failed: {error!r:.200}", flush=True)


if __name__ == "__main__":
    main()
