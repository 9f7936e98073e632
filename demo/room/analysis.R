# What the demo's researcher does in the room, in R: survival after the index
# date by diabetes (Kaplan-Meier), and a Cox regression of death on age, sex,
# diabetes and HDL cholesterol. Writes the files that are asked out.
#
#   Rscript analysis.R [DATA [OUT]]

library(survival)

arguments <- commandArgs(trailingOnly = TRUE)
data <- if (length(arguments) >= 1) arguments[1] else "/data"
out <- if (length(arguments) >= 2) arguments[2] else "/work/out"
dir.create(out, showWarnings = FALSE, recursive = TRUE)

rows <- function(name) read.csv(file.path(data, paste0(name, ".csv")), encoding = "UTF-8")
save <- function(table, name) {
  write.csv(table, file.path(out, name), row.names = FALSE, quote = FALSE, na = "")
}

# ---- one row for each person -------------------------------------------------
people <- rows("population")
for (column in c("index_date", "end_date", "death_date")) {
  people[[column]] <- as.Date(people[[column]])
}
people$days <- as.numeric(people$end_date - people$index_date)
people$died <- as.integer(!is.na(people$death_date))
people$male <- as.integer(people$sex == 1)
index <- setNames(people$index_date, people$person)

# A diagnosis on or before the index date.
diagnoses <- rows("diagnoses")
diagnoses <- diagnoses[diagnoses$code == "diabetes", ]
known <- as.Date(diagnoses$date) <= index[as.character(diagnoses$person)]
people$diabetes <- as.integer(people$person %in% diagnoses$person[known])

# The mean of the values on the last day before the index date that has one.
laboratory <- rows("laboratory")
laboratory <- laboratory[laboratory$test == "hdl", ]
laboratory$date <- as.Date(laboratory$date)
laboratory <- laboratory[laboratory$date < index[as.character(laboratory$person)], ]
last <- tapply(as.numeric(laboratory$date), laboratory$person, max)
laboratory <- laboratory[as.numeric(laboratory$date) == last[as.character(laboratory$person)], ]
hdl <- tapply(laboratory$value, laboratory$person, mean)
people$hdl <- as.numeric(hdl[as.character(people$person)])

# ---- Cox regression of death ---------------------------------------------------
fit <- coxph(Surv(days, died) ~ age + male + diabetes + hdl, data = people)
term <- function(name) {
  sprintf('"%s": {"coef": %.17g, "se": %.17g}', name, coef(fit)[[name]], sqrt(vcov(fit)[name, name]))
}
print(summary(fit))

# ---- survival by diabetes, at whole years --------------------------------------
years <- 1:12
curve <- summary(survfit(Surv(days / 365.25, died) ~ diabetes, data = people), times = years)
curve <- data.frame(diabetes = ifelse(curve$strata == "diabetes=1", "yes", "no"), years = curve$time,
                    at_risk = curve$n.risk, deaths = curve$n.event, survival = curve$surv)

# Both results to the last digit, for who compares them with another's.
points <- function(group) {
  these <- curve[curve$diabetes == group, ]
  sprintf('"%s": [%s]', group, paste(collapse = ", ", sprintf(
    '{"years": %g, "at_risk": %.0f, "deaths": %.0f, "survival": %.17g}',
    these$years, these$at_risk, these$deaths, these$survival)))
}
cat(sprintf('{"n": %d, "events": %d, "cox": {%s}, "survival": {%s}}\n', fit$n, as.integer(fit$nevent),
            paste(vapply(names(coef(fit)), term, ""), collapse = ", "),
            paste(vapply(c("no", "yes"), points, ""), collapse = ", ")),
    file = file.path(out, "analysis_r.json"))

curve$survival <- round(curve$survival, 3)
save(curve, "survival_curve.csv")
print(curve)

draw <- function(curve) {
  x <- function(years) 70 + years * 42
  y <- function(share) 350 - (share - 0.4) * 500
  line <- function(group, colour, dash) {
    points <- curve[curve$diabetes == group, ]
    steps <- paste(sprintf("H%g V%g", x(points$years), y(points$survival)), collapse = " ")
    sprintf('<path d="M%g %g %s" fill="none" stroke="%s" stroke-width="3"%s/>',
            x(0), y(1), steps, colour, dash)
  }
  mark <- function(px, py, anchor, text) {
    sprintf('<text x="%g" y="%g" text-anchor="%s">%s</text>', px, py, anchor, text)
  }
  last <- function(group) tail(curve$survival[curve$diabetes == group], 1)
  c('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 420" font-family="sans-serif" font-size="14">',
    '<title>Survival after the index date, by diabetes</title>',
    '<rect width="720" height="420" fill="#ffffff"/>',
    sprintf('<path d="M%g %g H%g" stroke="#dddddd"/>', x(0), y(seq(0.4, 1, 0.1)), x(12)),
    mark(x(0) - 10, y(seq(0.4, 1, 0.1)) + 5, "end", sprintf("%d %%", seq(40, 100, 10))),
    mark(x(seq(0, 12, 2)), 375, "middle", seq(0, 12, 2)),
    mark(x(6), 405, "middle", "Years since the index date"),
    line("no", "#0b5c6b", ""), line("yes", "#a8321e", ' stroke-dasharray="9 5"'),
    mark(x(12) + 8, y(last("no")) + 5, "start", "no diabetes"),
    mark(x(12) + 8, y(last("yes")) + 5, "start", "diabetes"),
    '</svg>')
}
writeLines(draw(curve), file.path(out, "survival_curve.svg"))

# ---- tables -----------------------------------------------------------------------
people$age_group <- cut(people$age, c(18, 30, 40, 50, 60, 70, 80, Inf), right = FALSE,
                        labels = c("18-29", "30-39", "40-49", "50-59", "60-69", "70-79", "80 or more"))
two_way <- function(these) {
  counts <- table(these$age_group, these$diabetes)
  table <- data.frame(age_group = rownames(counts), no_diabetes = as.integer(counts[, "0"]),
                      diabetes = as.integer(counts[, "1"]))
  table$total <- table$no_diabetes + table$diabetes
  rbind(table, data.frame(age_group = "total", t(colSums(table[-1]))))
}
save(two_way(people), "safe_table.csv")
save(two_way(people[people$died == 1 & people$days <= 5 * 365.25, ]), "small_cells.csv")

# What must not leave: a row for each person, dressed up as a table of strata.
strata <- people[!is.na(people$hdl), c("age", "male", "diabetes", "hdl", "days", "died")]
strata <- strata[order(strata$days), ]
save(data.frame(stratum = seq_len(nrow(strata)), mean_age = strata$age, share_male = strata$male,
                share_diabetes = strata$diabetes, mean_hdl = strata$hdl, mean_days = strata$days,
                deaths = strata$died), "rows_in_disguise.csv")

# What each file is said to be. The checks believe none of it unseen.
writeLines('{
  "out/safe_table.csv": {"kind": "frequency-table", "dimensions": ["age_group"],
    "counts": ["no_diabetes", "diabetes", "total"]},
  "out/small_cells.csv": {"kind": "frequency-table", "dimensions": ["age_group"],
    "counts": ["no_diabetes", "diabetes", "total"]},
  "out/survival_curve.csv": {"kind": "survival-curve", "time": "years", "at_risk": "at_risk",
    "events": "deaths", "survival": "survival", "groups": ["diabetes"]},
  "out/survival_curve.svg": {"kind": "figure", "table": "out/survival_curve.csv"},
  "out/rows_in_disguise.csv": {"kind": "magnitude-table", "dimensions": ["stratum"],
    "value": "mean_hdl", "count": "deaths"}
}', file.path(out, "outputs.json"))
