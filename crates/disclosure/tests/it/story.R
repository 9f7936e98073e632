# What a researcher makes of the Rochester cohort (survival::nafld1 and nafld3),
# the safe and the unsafe. The argument is the folder to write to.
suppressMessages(library(survival))
out <- commandArgs(trailingOnly = TRUE)[1]
to <- function(name) file.path(out, name)
write <- function(x, name, sep = ",", dec = ".") {
  write.table(x, to(name), sep = sep, dec = dec, row.names = FALSE, quote = FALSE, na = "")
}
d <- nafld1
d$diabetes <- d$id %in% nafld3$id[nafld3$event == "diabetes" & nafld3$days <= 0]
d$band <- cut(d$age, c(0, 40, 60, 80, Inf), right = FALSE, labels = c("18-39", "40-59", "60-79", "80+"))
d$sex <- ifelse(d$male == 1, "men", "women")
d$ill <- ifelse(d$diabetes, "yes", "no")

# The people themselves, for the sketches; never asked for.
write(d[, c("age", "male", "weight", "height", "bmi", "futime", "status")], "extract.csv")

margins <- function(t) {
  t <- as.data.frame(addmargins(t), responseName = "n", stringsAsFactors = FALSE)
  t[t == "Sum"] <- "total"
  t
}
safe <- aggregate(cbind(n = 1, deaths = status) ~ band + sex, d, sum)
safe$mean_age <- round(aggregate(age ~ band + sex, d, mean)$age, 1)
write(safe, "safe.csv")

# Ten-year bands by sex and diabetes: the young with diabetes are few.
d$decade <- cut(d$age, c(seq(0, 90, 10), Inf), right = FALSE)
d$decade <- factor(gsub("[][()]", "", gsub(",", "-", as.character(d$decade))))
write(margins(table(age = d$decade, sex = d$sex, diabetes = d$ill)), "small.csv")

fit <- survfit(Surv(futime, status) ~ ill, data = d)
curve <- function(times) {
  s <- summary(fit, times = times, extend = FALSE)
  data.frame(diabetes = sub("ill=", "", s$strata), time = s$time, n.risk = s$n.risk,
             n.event = s$n.event, surv = signif(s$surv, 4))
}
km <- curve(seq(0, 5110, 730))
write(km, "km.csv")
svg(to("km.svg"), width = 7, height = 5)
plot(NULL, xlim = c(0, 5110), ylim = c(0.4, 1), xlab = "Days since index", ylab = "Surviving")
for (g in c("no", "yes")) with(km[km$diabetes == g, ], lines(time, surv, type = "s", lty = 1 + (g == "yes")))
legend("bottomleft", c("no diabetes", "diabetes"), lty = 1:2)
invisible(dev.off())
all <- data.frame(diabetes = rep(c("no", "yes"), fit$strata), time = fit$time, n.risk = fit$n.risk,
                  n.event = fit$n.event, n.censor = fit$n.censor, surv = fit$surv)
write(all, "km-every-day.csv")
svg(to("km-every-day.svg"), width = 7, height = 5)
plot(fit)
invisible(dev.off())
svg(to("scatter.svg"), width = 7, height = 5)
plot(d$age, d$bmi)
invisible(dev.off())

# Rows about people: shuffled, renamed, scaled, another delimiter, a false count.
set.seed(1)
r <- d[sample(nrow(d)), ]
disguised <- data.frame(stratum = r$sex, index_1 = round(r$age * 1.8 + 32, 1),
                        index_2 = round(log(r$bmi), 4), n = 5 + r$futime %% 40)
write(disguised, "disguised.csv", ";", ",")
write(disguised[1:400, ], "disguised-part.csv", ";", ",")

cox <- coxph(Surv(futime, status) ~ age + male + diabetes, data = d)
s <- summary(cox)$coefficients
write(data.frame(term = rownames(s), coef = s[, 1], se = s[, 3], p = s[, 5]), "cox.csv")
writeLines(sprintf('{"n": %d, "events": %d, "terms": [%s]}', cox$n, cox$nevent,
  paste(sprintf('{"term": "%s", "coef": %.6f, "se": %.6f}', rownames(s), s[, 1], s[, 3]), collapse = ", ")),
  to("cox.json"))
sink(to("cox.txt")); print(summary(cox)); sink()
