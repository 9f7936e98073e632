# The regression and the survival curves of analysis.R on the cohort as R's
# `survival` package has it, in days since the index date: what the room must find
# again. Prints JSON.
#
#   Rscript raw.R

library(survival)

before <- nafld2[nafld2$test == "hdl" & nafld2$days < 0, ]
last <- tapply(before$days, before$id, max)
before <- before[before$days == last[as.character(before$id)], ]
hdl <- tapply(before$value, before$id, mean)
diabetic <- nafld3$id[nafld3$event == "diabetes" & nafld3$days <= 0]

people <- nafld1
people$diabetes <- as.integer(people$id %in% diabetic)
people$hdl <- as.numeric(hdl[as.character(people$id)])
fit <- coxph(Surv(futime, status) ~ age + male + diabetes + hdl, data = people)

term <- function(name) {
  sprintf('"%s": {"coef": %.17g, "se": %.17g}', name, coef(fit)[[name]], sqrt(vcov(fit)[name, name]))
}

curves <- survfit(Surv(futime / 365.25, status) ~ diabetes, data = people)
curves <- summary(curves, times = 1:12)
points <- function(name, stratum) {
  these <- curves$strata == stratum
  sprintf('"%s": [%s]', name, paste(collapse = ", ", sprintf(
    '{"years": %g, "at_risk": %.0f, "deaths": %.0f, "survival": %.17g}',
    curves$time[these], curves$n.risk[these], curves$n.event[these], curves$surv[these])))
}
cat(sprintf('{"n": %d, "events": %d, "cox": {%s}, "survival": {%s, %s}}\n',
            fit$n, as.integer(fit$nevent),
            paste(vapply(names(coef(fit)), term, ""), collapse = ", "),
            points("no", "diabetes=0"), points("yes", "diabetes=1")))
