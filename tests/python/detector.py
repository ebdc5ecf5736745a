"""Scores a WAV file with a detector: the documentation of its file, in NumPy.

    python detector.py FILE.detector FILE.wav

prints the score of the file, the threshold and the moment of the largest score in seconds. The sound is 16-bit PCM at
the rate of the detector's front end; of several channels the mean is taken. NumPy alone is needed.
"""

import json
import pathlib
import struct
import sys
import wave

import numpy as np

from score import rows, scores


def read(path):
    """Settings and tensors of a detector: a length, a JSON header with the settings as JSON, then the numbers."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header, body = json.loads(data[8 : 8 + length]), data[8 + length :]
    settings = json.loads(header.pop("__metadata__")["detector"])
    types = {"F32": "<f4", "U32": "<u4", "U64": "<u8"}
    return settings, {name: np.frombuffer(body[slice(*facts["data_offsets"])], types[facts["dtype"]])
                      .reshape(facts["shape"]).astype(np.float64) for name, facts in header.items()}


def main(detector, file):
    settings, tensors = read(detector)
    front = settings["front_end"]
    with wave.open(str(file)) as sound:
        if sound.getframerate() != front["rate"] or sound.getsampwidth() != 2:
            raise SystemExit(f"{file}: expected 16 bits at {front['rate']} Hz")
        samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2").reshape(-1, sound.getnchannels())
    x = rows(samples.mean(axis=1) / 32768, front)
    # Each band of each of the 2C + 1 frames of a row has the scale of the band.
    copies = 2 * front["context"] + 1
    x = (x - np.tile(tensors["scale.mean"], copies)) / np.tile(tensors["scale.sd"], copies)
    layers = {name: values for name, values in tensors.items() if name.startswith("layers.")}
    frames = scores(x, layers, settings["network"]["activation"])
    span = min(settings["moment_frames"], len(frames))
    moments = np.lib.stride_tricks.sliding_window_view(frames, span).mean(axis=1)
    peak = moments.argmax()
    middle = (peak + (span - 1) / 2 + front["context"]) * front["hop"] + front["fft"] / 2
    print(f"score {moments[peak]:.9g}\nthreshold {settings['threshold']['value']:.9g}\npeak {middle / front['rate']:.6f}")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
