"""The facts about a machine and its software without which a timing means little."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("numpy", "scipy", "scikit-learn", "torch", "jax", "jaxlib", "librosa")


def facts(settings: str) -> list[str]:
    """The facts as lines of a Markdown list; `settings` says how the run was done."""
    sets = [s for s in ("avx2", "fma", "avx512f", "avx512_bf16", "amx_tile") if s in cpu("flags").split()]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    lines = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "settings": settings,
        "CPU": f"{cpu('model name')} (family {cpu('cpu family')}, model {cpu('model')}), {' '.join(sets)}",
        "cores": f"{len(os.sched_getaffinity(0))}, load before the run {os.getloadavg()[0]:.1f}",
        "memory": f"{memory:.0f} GiB",
        "kernel": f"{platform.system()} {platform.release()}",
        "source": f"{output('git', 'rev-parse', '--short', 'HEAD')}, {changed()}",
        "compiler": output("rustc", "--version"),
        "Python": f"{platform.python_version()} with {packages}",
    }
    return [f"- {name}: {value}" for name, value in lines.items()]


def cpu(key: str) -> str:
    """What the kernel says of the first core."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == key:
            return value.strip()
    return ""


def changed() -> str:
    """Whether tracked files differ from the source revision."""
    return "with uncommitted changes" if output("git", "status", "--porcelain", "-uno") else "unchanged"


def output(*command: str) -> str:
    """What a command prints, or `unknown` where it cannot be run."""
    try:
        return subprocess.run(
            command, cwd=Path(__file__).parent, capture_output=True, text=True, check=True
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
