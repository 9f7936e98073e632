"""What DuckDB takes for the work that Helserom is compared with. Prints JSON.

    python duckdb_compare.py import LABORATORY_CSV OUT_PARQUET
    python duckdb_compare.py sql FILE
"""

import json
import resource
import sys
import time
from pathlib import Path

import duckdb


def literal(path):
    return "'" + str(path).replace("'", "''") + "'"


def convert(connection, csv, parquet):
    """The laboratory's CSV as Parquet: no check, no split, no sort."""
    columns = "{'id': 'VARCHAR', 'date': 'DATE', 'test': 'VARCHAR', 'value': 'DOUBLE'}"
    connection.sql(
        f"COPY (SELECT * FROM read_csv({literal(csv)}, header = true, columns = {columns})) "
        f"TO {literal(parquet)} (FORMAT parquet)"
    )


def main(what, source, target=None):
    connection = duckdb.connect()
    connection.sql("SET enable_progress_bar = false")
    begun = time.perf_counter()
    if what == "sql":
        connection.execute(Path(source).read_text())
    else:
        convert(connection, source, target)
    seconds = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"seconds": seconds, "peak_mib": peak, "version": duckdb.__version__}))


main(*sys.argv[1:])
