"""Two CSVs compared by datacompy on Polars, every column a text; the rows that differ as Parquet out."""
import json
import sys

import polars
from datacompy import PolarsCompare

given = json.loads(sys.argv[1])
read = lambda file: polars.read_csv(file, infer_schema=False, empty_string_is_null=True)
compared = PolarsCompare(read(given["legacy"]), read(given["odoo"]), join_columns=[given["key"]])
compared.all_mismatch().write_parquet(given["output"])
both = compared.intersect_rows.height
print(json.dumps({"changed": both - compared.count_matching_rows(), "added": compared.df2_unq_rows.height, "removed": compared.df1_unq_rows.height}))
