# SPDX-License-Identifier: Apache-2.0
"""The extract as data frames, and results handed over to be asked out.

    import helserom

    helserom.tables()                      # ['laboratory', 'population']
    people = helserom.read("population")   # a pandas data frame
    helserom.sql("SELECT sex, count(*) AS n FROM population GROUP BY sex")
    helserom.hand_over(
        "out/table1.csv",
        "frequency-table",
        dimensions=["sex", "age_group"],
        counts=["n"],
        note="Table 1 of the paper",
    )

What is handed over stands on the room's page, said to be what you said it is:
somebody of the room asks for it there, and a checker decides.
"""

import contextlib
import json
import os
import tempfile
import time

__all__ = ["columns", "hand_over", "handed_over", "read", "sql", "tables"]

DATA = os.environ.get("HELSEROM_DATA", "/data")
WORK = os.environ.get("HELSEROM_WORK", "/work")
_LIST = "handed-over.json"
_TURN = ".handing-over"
# A turn takes milliseconds: one that is older than this, in seconds, is nobody's.
_LONGEST_TURN = 10

# What can be said of each kind of file, and what must be.
_KINDS = {
    "unknown": ((), ()),
    "frequency-table": (("dimensions", "counts"), ("hierarchies",)),
    "magnitude-table": (("dimensions", "value", "count"), ("contributions",)),
    "survival-curve": (("time",), ("at_risk", "events", "survival", "groups")),
    "model": ((), ("n", "parameters", "residual_df")),
    "figure": ((), ("table",)),
}


def _manifest():
    with open(os.path.join(DATA, "manifest.json"), encoding="utf-8") as file:
        return json.load(file)


def tables():
    """The names of the extract's tables."""
    return sorted(_manifest()["tables"])


def columns(table):
    """The names and types of a table's columns, as a dictionary."""
    named = {column["name"]: column["value-type"] for column in _table(table)["columns"]}
    return {"person": "integer", **named}


def _table(name):
    known = _manifest()["tables"]
    if name not in known:
        raise KeyError(f"there is no table `{name}`: there are {', '.join(sorted(known))}")
    return known[name]


def read(table, columns=None):
    """A table as a pandas data frame, or some of its columns."""
    import duckdb

    _table(table)
    path = os.path.join(DATA, f"{table}.parquet")
    relation = duckdb.read_parquet(path)
    if columns is not None:
        missing = [column for column in columns if column not in relation.columns]
        if missing:
            raise KeyError(f"`{table}` has no column `{missing[0]}`: it has {', '.join(relation.columns)}")
        quoted = ", ".join('"' + column.replace('"', '""') + '"' for column in columns)
        relation = relation.project(quoted)
    return relation.df()


def sql(statement, parameters=None):
    """What the tables answer to a statement, as a pandas data frame; nothing, when
    it has no answer. ``%s`` in it stands for one of ``parameters`` after the other.

    Every statement is kept in the room's journal, word for word.
    """
    import pandas
    import psycopg

    # Where the socket is stands in the environment.
    with psycopg.connect(autocommit=True) as connection:
        cursor = connection.execute(statement, parameters)
        if cursor.description is None:
            return None
        names = [column.name for column in cursor.description]
        return pandas.DataFrame(cursor.fetchall(), columns=names)


def handed_over():
    """What was handed over so far."""
    try:
        with open(os.path.join(WORK, _LIST), encoding="utf-8") as file:
            return json.load(file)["files"]
    except FileNotFoundError:
        return []


@contextlib.contextmanager
def _turn():
    """Several programs of a room may hand over at once: the list is written in turn."""
    turn = os.path.join(WORK, _TURN)
    while True:
        try:
            os.mkdir(turn)
            break
        except FileExistsError:
            with contextlib.suppress(FileNotFoundError):
                if time.time() - os.stat(turn).st_mtime > _LONGEST_TURN:
                    os.rmdir(turn)
            time.sleep(0.01)
    try:
        yield
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.rmdir(turn)


def hand_over(file, kind="unknown", *, note, **about):
    """Hands a file of the work folder over, to be asked out.

    ``kind`` is ``unknown``, ``frequency-table`` (``dimensions``, ``counts``),
    ``magnitude-table`` (``dimensions``, ``value``, ``count``, and the largest
    ``contributions`` to each cell, which the check alone sees), ``survival-curve``
    (``time``, ``at_risk``, ``events``, ``survival``, ``groups``), ``model`` (``n``,
    ``parameters``, ``residual_df``) or ``figure`` (``table``: the file it is drawn
    from). ``note`` says what it is for.
    """
    if kind not in _KINDS:
        raise ValueError(f"`{kind}` is no kind of file: use one of {', '.join(_KINDS)}")
    needed, possible = _KINDS[kind]
    for key in about:
        if key not in needed + possible:
            raise TypeError(f"of a `{kind}` nothing is said as `{key}`: use {', '.join(needed + possible) or 'nothing'}")
    for key in needed:
        if key not in about:
            raise TypeError(f"a `{kind}` needs `{key}`")
    if not str(note).strip():
        raise ValueError("say in `note` what the file is for")
    path = os.path.abspath(os.path.join(WORK, file))
    name = os.path.relpath(path, WORK)
    if name.startswith(".."):
        raise ValueError(f"`{file}` is not in {WORK}")
    if not os.path.isfile(path):
        raise FileNotFoundError(f"there is no file `{name}` in {WORK}")
    wish = {"name": name, "declared": {"kind": kind, **about}, "note": str(note)}
    with _turn():
        files = [other for other in handed_over() if other["name"] != name] + [wish]
        handle, unfinished = tempfile.mkstemp(dir=WORK, prefix=".handed-over-")
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump({"files": files}, out, ensure_ascii=False, indent=1)
        os.chmod(unfinished, 0o644)
        os.replace(unfinished, os.path.join(WORK, _LIST))
