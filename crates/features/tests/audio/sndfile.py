"""What libsndfile reads of the sound files named on stdin, a JSON line each, null for those that it refuses. Needs soundfile (0.14.0, libsndfile 1.2.2) and NumPy.

`power` is the mean square of the mean of all channels, `peak` its largest absolute sample.
"""
import json, sys
import numpy as np, soundfile

for line in sys.stdin:
    try:
        with soundfile.SoundFile(line.rstrip("\n")) as file:
            x = file.read(dtype="float64", always_2d=True)
            y = x.mean(axis=1) if len(x) else np.zeros(0)
            finite = bool(np.isfinite(x).all())
            print(json.dumps({
                "rate": file.samplerate, "channels": file.channels, "frames": len(x), "subtype": file.subtype,
                "power": float((y * y).mean()) if len(y) and finite else 0.0,
                "peak": float(abs(y).max()) if len(y) and finite else 0.0,
            }))
    except Exception:
        print("null")
