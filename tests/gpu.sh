#!/usr/bin/env bash
# Checks stacks on an NVIDIA card and prints a table of times (ms an update).
# It needs a card, its driver, and cuBLAS and NVRTC of CUDA 13, of the toolkit or of Python's wheels.
#
#     cargo build --release -p models --features cuda --example gpu
#     tests/gpu.sh target/release/examples/gpu [checks|times|all] [CARD]
set -euo pipefail
binary=${1:?usage: tests/gpu.sh BINARY [checks|times|all] [CARD]}
what=${2:-all}
card=${3:-0}

# Folders that may hold CUDA's libraries, beside those that the linker knows.
folders=$(ls -d /usr/local/cuda*/lib64 /usr/local/cuda*/targets/*/lib /usr/local/nvidia/lib64 2>/dev/null || true)
sites=$(python3 -c 'import sys; print("\n".join(sys.path))' 2>/dev/null || true)
for site in $sites; do
    folders+=$'\n'$(ls -d "$site"/nvidia/*/lib 2>/dev/null || true)
done
for folder in $folders; do
    export LD_LIBRARY_PATH=${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$folder
done

nvidia-smi --query-gpu=index,name,driver_version,memory.total --format=csv,noheader || true
exec "$binary" "$what" "$card"
