"""Run the benchmarks, one after the other. They print ratios to the original tools; a time never fails a run.

    python Testing/bench/run.py [NAME...]

``NAME`` is that of a file ``bench_NAME.py``; without one, all run.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def main() -> int:
    """Run the named ``bench_*.py`` of this folder, or each; returns 1 if one of them broke."""
    benches = sorted(Path(__file__).parent.glob("bench_*.py"))
    names = {bench.stem.removeprefix("bench_") for bench in benches}
    if unknown := set(sys.argv[1:]) - names:
        print(f"unknown: {', '.join(sorted(unknown))}; there are: {', '.join(sorted(names))}", file=sys.stderr)
        return 2
    wanted = set(sys.argv[1:]) or names
    benches = [bench for bench in benches if bench.stem.removeprefix("bench_") in wanted]
    broken = [bench.name for bench in benches if subprocess.run([sys.executable, str(bench)], check=False).returncode]
    if broken:
        print(f"broken: {', '.join(broken)}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
