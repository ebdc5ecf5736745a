"""Scores a WAV file with a network that `detector export --onnx` wrote, in onnxruntime.

    python onnx_scores.py FILE.onnx FILE.wav

prints the largest moment. The log-mel is made here, by the settings in the file's metadata.
"""

import json
import sys
import wave

import numpy as np
import onnxruntime

from score import rows


def main(model, file):
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    front = json.loads(session.get_modelmeta().custom_metadata_map["detector"])["front_end"]
    with wave.open(file) as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2") / 32768
    log_mel = rows(samples, {**front, "context": 0}).astype(np.float32)
    scores, moments = session.run(["scores", "moments"], {"log_mel": log_mel})
    assert len(scores) == len(log_mel) - 2 * front["context"]
    print(f"{moments.max():.9g}")


if __name__ == "__main__":
    main(*sys.argv[1:])
