"""What analysis.R does, in Python: Kaplan-Meier by diabetes and a Cox regression
of death on age, sex, diabetes and HDL cholesterol, from the extract's Parquet files.

    python analysis.py [DATA [OUT]]
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from statsmodels.duration.hazard_regression import PHReg
from statsmodels.duration.survfunc import SurvfuncRight

data = Path(sys.argv[1] if len(sys.argv) > 1 else "/data")
out = Path(sys.argv[2] if len(sys.argv) > 2 else "/work/out")
out.mkdir(parents=True, exist_ok=True)


def rows(name, dates):
    table = pd.read_parquet(data / f"{name}.parquet")
    for column in dates:
        table[column] = pd.to_datetime(table[column])
    return table


# ---- one row for each person ----------------------------------------------------
people = rows("population", ["index_date", "end_date", "death_date"]).set_index("person")
people["days"] = (people["end_date"] - people["index_date"]).dt.days
people["died"] = people["death_date"].notna().astype(int)
people["male"] = (people["sex"].astype(str) == "1").astype(int)


def with_index_date(table):
    return table.join(people["index_date"], on="person")


# A diagnosis on or before the index date.
diagnoses = with_index_date(rows("diagnoses", ["date"]).query("code == 'diabetes'"))
known = diagnoses.loc[diagnoses["date"] <= diagnoses["index_date"], "person"]
people["diabetes"] = people.index.isin(known).astype(int)

# The mean of the values on the last day before the index date that has one.
laboratory = with_index_date(rows("laboratory", ["date"]).query("test == 'hdl'"))
laboratory = laboratory[laboratory["date"] < laboratory["index_date"]]
last = laboratory.groupby("person")["date"].transform("max")
people["hdl"] = laboratory[laboratory["date"] == last].groupby("person")["value"].mean()

# ---- Cox regression of death ------------------------------------------------------
terms = ["age", "male", "diabetes", "hdl"]
complete = people[["days", "died", *terms]].dropna().astype(float)
model = PHReg(complete["days"], complete[terms], status=complete["died"], ties="efron")
fit = model.fit(method="newton", tol=1e-12, maxiter=100)
print(fit.summary())

# ---- survival by diabetes, at whole years -------------------------------------------
years = np.arange(1, 13)
curves = {}
for group, name in ((0, "no"), (1, "yes")):
    these = people[people["diabetes"] == group]
    followed, died = these["days"] / 365.25, these["died"] == 1
    curve = SurvfuncRight(followed, these["died"])
    curves[name] = [
        {
            "years": int(year),
            # Who is followed to the very day is still at risk on it, and who dies on
            # it is dead.
            "at_risk": int((followed >= year).sum()),
            "deaths": int((died & (followed > year - 1) & (followed <= year)).sum()),
            "survival": float(curve.surv_prob[curve.surv_times <= year][-1]),
        }
        for year in years[years <= followed.max()]
    ]
    print(name, curves[name])

# Both results to the last digit, for who compares them with another's.
result = {
    "n": len(complete),
    "events": int(complete["died"].sum()),
    "cox": {
        term: {"coef": float(coef), "se": float(se)}
        for term, coef, se in zip(terms, fit.params, fit.bse)
    },
    "survival": curves,
}
(out / "analysis_python.json").write_text(json.dumps(result) + "\n")
