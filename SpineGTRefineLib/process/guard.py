"""Run by another Python: starts a program, and ends it with everything it started when our side goes away.

Programs of others do not watch their standard input. This does it for them: once it closes (we were killed, or the
computer's user logged out), the whole process group ends. Uses nothing but the standard library.
"""

import os
import signal
import subprocess
import sys
import threading


def main(command: list[str]) -> int:
    """Run ``command`` and return its exit status."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    threading.Thread(target=_end_with_our_side, args=(child,), daemon=True).start()
    code = child.wait()
    return code if code >= 0 else 128 - code


def _end_with_our_side(child: "subprocess.Popen[bytes]") -> None:
    # Unbuffered: a thread that waits in a buffered read makes Python crash when the program ends first.
    while os.read(sys.stdin.fileno(), 1024):
        pass
    if sys.platform == "win32":
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(child.pid)], capture_output=True, check=False)
    else:
        os.killpg(os.getpgrp(), signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
