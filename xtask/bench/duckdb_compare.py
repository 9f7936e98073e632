"""What DuckDB takes for the work that Helserom is compared with. Prints JSON.

    python duckdb_compare.py import LABORATORY_CSV OUT_PARQUET
    python duckdb_compare.py extract REGISTERS_FOLDER OUT_FOLDER
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


def load(connection, folder):
    """The registers as Parquet files, which is where an extract begins."""
    for name, form in (
        ("population", "delim = ';', encoding = 'latin-1'"),
        ("laboratory", "delim = ','"),
        ("diagnoses", "delim = ','"),
    ):
        parquet = folder / f"{name}.parquet"
        if not parquet.exists():
            csv = literal(folder / f"{name}.csv")
            connection.sql(
                f"COPY (SELECT * FROM read_csv({csv}, header = true, {form}, types = {{'id': 'VARCHAR'}})) "
                f"TO {literal(parquet)} (FORMAT parquet)"
            )


def extract(connection, folder, out):
    """Adults, numbered anew in random order; three tables sorted by person and time."""
    table = {name: literal(folder / f"{name}.parquet") for name in ("population", "laboratory", "diagnoses")}
    age = "date_sub('year', birth_date, index_date)"
    connection.sql(
        "CREATE OR REPLACE TEMP TABLE cohort AS SELECT id, "
        "(row_number() OVER ())::INTEGER AS person FROM "
        f"(SELECT id FROM {table['population']} WHERE {age} >= 18 ORDER BY random())"
    )
    for name, columns, order in (
        ("population", f"sex, {age}::INTEGER AS age, index_date, end_date, death_date", "person"),
        ("laboratory", "date, test, value", "person, date"),
        ("diagnoses", "date, code", "person, date"),
    ):
        connection.sql(
            f"COPY (SELECT person, {columns} FROM {table[name]} JOIN cohort USING (id) ORDER BY {order}) "
            f"TO {literal(out / (name + '.parquet'))} (FORMAT parquet)"
        )


def main(what, source, target):
    connection = duckdb.connect()
    connection.sql("SET enable_progress_bar = false")
    if what == "extract":
        load(connection, Path(source))
        Path(target).mkdir(parents=True, exist_ok=True)
    begun = time.perf_counter()
    if what == "extract":
        extract(connection, Path(source), Path(target))
    else:
        convert(connection, source, target)
    seconds = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"seconds": seconds, "peak_mib": peak, "version": duckdb.__version__}))


main(*sys.argv[1:])
