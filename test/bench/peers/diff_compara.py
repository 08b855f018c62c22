"""Two CSVs compared by compara, the changed, added and removed rows as CSV out. Its own program does the work; this only starts it."""
import json
import os
import subprocess
import sys

given = json.loads(sys.argv[1])
program = os.path.join(os.path.dirname(sys.executable), "compara")
summary = given["output"] + ".json"
command = [program, "compare", given["legacy"], given["odoo"], "--key", given["key"], "--export-dir", given["output"], "--json", summary]
subprocess.run(command + ["--threads", str(given["threads"]), "--memory", given["memory"], "--exit-zero"], check=True, stdout=sys.stderr)
with open(summary) as file:
    counts = json.load(file)["counts"]
print(json.dumps({name: counts[name] for name in ("changed", "added", "removed")}))
