"""What others take for the linkage that Helserom is compared with, on one thread.
Prints JSON.

    python linkage_compare.py splink FIRST_CSV SECOND_CSV EDGES_PARQUET
    python linkage_compare.py clkhash SCHEMA SECRET CSV
    python linkage_compare.py anonlink FIRST_LINES SECOND_LINES THRESHOLD
"""

import base64
import csv
import io
import json
import resource
import sys
import time
from pathlib import Path


def splink(first, second, edges):
    """The rules and comparisons of xtask/src/bench/linkage/spec.toml."""
    import duckdb
    import splink as package
    import splink.comparison_level_library as levels
    import splink.comparison_library as comparisons
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    def name(column):
        alike = comparisons.JaroWinklerAtThresholds(column, [0.92, 0.88, 0.7])
        return alike.configure(term_frequency_adjustments=True)

    def postcode(column):
        def same(digits):
            sides = (f"substr({column}_{side}, 1, {digits})" for side in "lr")
            return levels.CustomLevel(" = ".join(sides), f"the first {digits}")

        return comparisons.CustomComparison(
            output_column_name=column,
            comparison_levels=[
                levels.NullLevel(column),
                levels.ExactMatchLevel(column, term_frequency_adjustments=True),
                levels.DamerauLevenshteinLevel(column, 1),
                same(3),
                same(2),
                same(1),
                levels.ElseLevel(),
            ],
        )

    rules = [
        block_on("surname", "date_of_birth"),
        block_on("postcode", "substr(given_name, 1, 2)"),
        block_on("substr(surname, 1, 4)", "substr(date_of_birth, 1, 4)"),
        block_on("substr(date_of_birth, 1, 4)", "sex"),
        block_on("surname"),
    ]
    begun = time.perf_counter()
    connection = duckdb.connect()
    connection.sql("SET threads = 1")
    connection.sql("SET enable_progress_bar = false")
    api = DuckDBAPI(connection=connection)
    for table, file in (("first", first), ("second", second)):
        quoted = file.replace("'", "''")
        connection.sql(
            f"CREATE TABLE {table} AS SELECT * FROM read_csv('{quoted}', all_varchar = true)"
        )
    settings = SettingsCreator(
        link_type="link_only",
        unique_id_column_name="record",
        blocking_rules_to_generate_predictions=rules,
        comparisons=[
            name("given_name"),
            name("surname"),
            comparisons.DateOfBirthComparison("date_of_birth", input_is_string=True),
            postcode("postcode"),
            comparisons.ExactMatch("sex"),
        ],
        retain_intermediate_calculation_columns=False,
        retain_matching_columns=False,
    )
    tables = [api.register(table, dataset_display_name=table) for table in ("first", "second")]
    linker = Linker(tables, settings, log_level="ERROR")
    linker.training.estimate_probability_two_random_records_match(rules[:1], recall=0.8)
    linker.training.estimate_u_using_random_sampling(max_pairs=4e5, seed=1)
    for rule in rules[:2]:
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    trained = time.perf_counter()
    found = linker.inference.predict(threshold_match_probability=0.01).physical_name
    predicted = time.perf_counter()
    quoted = edges.replace("'", "''")
    connection.sql(f"COPY (SELECT * FROM {found}) TO '{quoted}' (FORMAT parquet)")
    ended = time.perf_counter()

    def count(query):
        return connection.sql(f"SELECT count(*) FROM {query}").fetchall()[0][0]

    likely = f"(SELECT * FROM {found} WHERE match_probability >= 0.5)"
    right = count(
        f"{likely} JOIN first f ON f.record = record_l JOIN second s ON s.record = record_r "
        "WHERE f.person = s.person"
    )
    return {
        "predict": predicted - trained,
        "seconds": ended - begun,
        "f1": 2 * right / (count(likely) + count("first JOIN second USING (person)")),
        "version": package.__version__,
    }


def clkhash(schema, secret, file):
    import clkhash.clk
    from importlib.metadata import version
    from clkhash.schema import from_json_file

    with open(schema) as opened:
        schema = from_json_file(opened)
    wanted = [field.identifier for field in schema.fields]
    columns = io.StringIO()
    writer = csv.writer(columns)
    writer.writerow(wanted)
    with open(file, newline="") as opened:
        rows = csv.DictReader(opened)
        writer.writerows([row[column] for column in wanted] for row in rows)
    columns.seek(0)
    begun = time.perf_counter()
    clkhash.clk.generate_clk_from_csv(
        columns, Path(secret).read_text(), schema, progress_bar=False, max_workers=1
    )
    return {"seconds": time.perf_counter() - begun, "version": version("clkhash")}


def anonlink(first, second, threshold):
    from importlib.metadata import version
    import anonlink as package
    from bitarray import bitarray

    def read(file):
        filters = []
        for line in Path(file).read_text().split():
            bits = bitarray(endian="big")
            bits.frombytes(base64.b64decode(line))
            filters.append(bits)
        return filters

    sides = [read(first), read(second)]
    begun = time.process_time()
    candidates = package.candidate_generation.find_candidate_pairs(
        sides, package.similarities.dice_coefficient_accelerated, float(threshold)
    )
    groups = package.solving.greedy_solve(candidates)
    return {
        "seconds": time.process_time() - begun,
        "matched": sum(len(group) == 2 for group in groups),
        "version": version("anonlink"),
    }


if __name__ == "__main__":
    what, *arguments = sys.argv[1:]
    told = {"splink": splink, "clkhash": clkhash, "anonlink": anonlink}[what](*arguments)
    told["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(told))
