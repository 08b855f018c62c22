"""Two CSVs compared by csv-diff: both in memory as dictionaries, the changes as JSON out."""
import json
import sys

from csv_diff import compare, load_csv

given = json.loads(sys.argv[1])
with open(given["legacy"], newline="") as legacy, open(given["odoo"], newline="") as odoo:
    result = compare(load_csv(legacy, key=given["key"]), load_csv(odoo, key=given["key"]))
with open(given["output"], "w") as output:
    json.dump(result, output)
print(json.dumps({"changed": len(result["changed"]), "added": len(result["added"]), "removed": len(result["removed"])}))
