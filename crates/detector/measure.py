"""Fits a detector to each synthetic toy car and measures it on sounds that it does not know: the table in
docs/detector.md.

    cargo xtask synth && cargo build --release -p detector
    python crates/detector/measure.py target/release/detector data/toycar [OPTIONS OF fit]...

The normal test files are the car's own; those with anomalies are the same files with a clip of each kind in turn, at
-5 dB of the normal sound beside it. NumPy and soundfile are needed.
"""

import csv
import io
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
import soundfile

ANR_DB = -5


def mixed(normal, clip, rng):
    """The clip in the normal sound at a place that is drawn: as long as the normal sound."""
    clip = clip[: len(normal)]
    at = rng.integers(0, len(normal) - len(clip) + 1)
    beside = np.mean(normal[at : at + len(clip)] ** 2)
    sound = normal.copy()
    sound[at : at + len(clip)] += clip * np.sqrt(beside / np.mean(clip**2) * 10 ** (ANR_DB / 10))
    return sound


def anomalous(car, root, out):
    """Writes a file with an anomaly for each normal test file."""
    rng = np.random.default_rng(0)
    kinds = sorted(folder for folder in (root / "anomaly").iterdir() if folder.is_dir())
    for index, path in enumerate(sorted((car / "test").glob("*.wav"))):
        clips = sorted(kinds[index % len(kinds)].glob("*.wav"))
        normal, rate = soundfile.read(path)
        clip, rate_of_clip = soundfile.read(clips[index % len(clips)])
        assert rate == rate_of_clip and normal.ndim == clip.ndim == 1
        soundfile.write(out / f"{kinds[index % len(kinds)].name}-{index:03}.wav", mixed(normal, clip, rng), rate, "FLOAT")


def scores(detector, fitted, folder):
    """Score over threshold of each file."""
    text = subprocess.run([detector, "score", fitted, folder, "--csv"], stdout=subprocess.PIPE, text=True).stdout
    return np.array([float(row["ratio"]) for row in csv.DictReader(io.StringIO(text))])


def main(detector, root, options):
    print("| car | fit, s | false alarms | expected, % | found | AUC |\n| --- | --- | --- | --- | --- | --- |")
    for car in sorted((root / "car").iterdir()):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            begun = time.time()
            said = subprocess.run([detector, "fit", car / "train", "-o", folder / "car.detector", *options],
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True).stdout
            seconds = time.time() - begun
            promise = next(line for line in said.splitlines() if line.startswith("threshold"))
            (folder / "anomalous").mkdir()
            anomalous(car, root, folder / "anomalous")
            normal = scores(detector, folder / "car.detector", car / "test")
            faulty = scores(detector, folder / "car.detector", folder / "anomalous")
            auc = np.mean((faulty[:, None] > normal) + 0.5 * (faulty[:, None] == normal))
            expected = promise.split(": ")[1].split(" %")[0]
            print(f"| {car.name} | {seconds:.0f} | {(normal > 1).sum()} of {len(normal)} | {expected} "
                  f"| {(faulty > 1).sum()} of {len(faulty)} | {auc:.3f} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:])
