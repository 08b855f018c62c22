"""Runs a command and writes what it and its own children took: peak memory of the largest of them, and processor time. USAGE_FILE COMMAND…"""
import json
import resource
import subprocess
import sys

code = subprocess.run(sys.argv[2:]).returncode
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
scale = 1 if sys.platform == "darwin" else 1024
with open(sys.argv[1], "w") as file:
    json.dump({"peakBytes": usage.ru_maxrss * scale, "cpuSeconds": usage.ru_utime + usage.ru_stime}, file)
sys.exit(code)
