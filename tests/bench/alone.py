"""A program that runs a command and writes what it cost to a file, as JSON.

python alone.py FILE COMMAND...

A process starts with the memory of the process that started it, which counts in its peak. So this
program has to be small.
"""

import json
import os
import subprocess
import sys
import time


def main() -> int:
    started = time.perf_counter()
    process = subprocess.Popen(sys.argv[2:])
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    cost = {"seconds": seconds, "cpu": usage.ru_utime + usage.ru_stime, "peak": peak}
    with open(sys.argv[1], "w") as file:
        json.dump(cost, file)
    return process.returncode


if __name__ == "__main__":
    sys.exit(main())
