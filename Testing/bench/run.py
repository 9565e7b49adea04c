"""Run all benchmarks, one after the other. They print ratios to the original tools; a time never fails a run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def main() -> int:
    """Run each ``bench_*.py`` of this folder; returns 1 if one of them broke."""
    benches = sorted(Path(__file__).parent.glob("bench_*.py"))
    broken = [bench.name for bench in benches if subprocess.run([sys.executable, str(bench)], check=False).returncode]
    if broken:
        print(f"broken: {', '.join(broken)}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
