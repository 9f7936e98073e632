# Writes the three tables of the NAFLD cohort in R's `survival` package as plain
# CSV: nafld1.csv (one row for each person), nafld2.csv (laboratory and vital
# signs), nafld3.csv (diagnoses), and versions.json. Times are in days since a
# person's index date, as in the package; values are written so that they read
# back as the very same numbers.
#
#   Rscript export.R DIRECTORY

arguments <- commandArgs(trailingOnly = TRUE)
if (length(arguments) != 1) stop("say where to write: Rscript export.R DIRECTORY")
directory <- arguments[1]

if (!requireNamespace("survival", quietly = TRUE)) {
  stop("R has no package `survival`: install it, on Debian with `apt-get install r-cran-survival`")
}
nafld1 <- survival::nafld1
nafld2 <- survival::nafld2
nafld3 <- survival::nafld3

exactly <- function(x) {
  text <- formatC(x, digits = 15, width = 1, format = "g")
  wrong <- !is.na(x) & suppressWarnings(as.numeric(text)) != x
  text[wrong] <- formatC(x[wrong], digits = 17, width = 1, format = "g")
  text[is.na(x)] <- ""
  stopifnot(all(is.na(x) | suppressWarnings(as.numeric(text)) == x))
  text
}

write <- function(table, name) {
  numeric <- vapply(table, is.numeric, logical(1))
  table[numeric] <- lapply(table[numeric], exactly)
  write.table(table, file.path(directory, name), sep = ",", quote = FALSE,
              row.names = FALSE, fileEncoding = "UTF-8")
}

write(nafld1[c("id", "age", "male", "weight", "height", "futime", "status")], "nafld1.csv")
write(nafld2[c("id", "days", "test", "value")], "nafld2.csv")
nafld3$event <- as.character(nafld3$event)
write(nafld3[c("id", "days", "event")], "nafld3.csv")
cat(sprintf('{"r": "%s", "survival": "%s"}\n', getRversion(), packageVersion("survival")),
    file = file.path(directory, "versions.json"))
