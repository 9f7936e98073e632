# SPDX-License-Identifier: Apache-2.0
# The extract as data frames, and results handed over to be asked out:
#
#   helserom::tables()
#   people <- helserom::read("population")
#   helserom::sql("SELECT sex, count(*) AS n FROM population GROUP BY sex")
#   helserom::hand_over("out/table1.csv", "frequency-table",
#                       dimensions = c("sex", "age_group"), counts = "n",
#                       note = "Table 1 of the paper")
#
# What is handed over stands on the room's page, said to be what you said it is:
# somebody of the room asks for it there, and a checker decides.

data_folder <- function() Sys.getenv("HELSEROM_DATA", "/data")
work_folder <- function() Sys.getenv("HELSEROM_WORK", "/work")
list_file <- function() file.path(work_folder(), "handed-over.json")

manifest <- function() {
  jsonlite::fromJSON(file.path(data_folder(), "manifest.json"), simplifyVector = FALSE)
}

table_of <- function(name) {
  known <- manifest()$tables
  if (!name %in% names(known)) {
    stop(sprintf("there is no table `%s`: there are %s", name,
                 paste(sort(names(known)), collapse = ", ")), call. = FALSE)
  }
  known[[name]]
}

# The names of the extract's tables.
tables <- function() sort(names(manifest()$tables))

# The columns of a table: a data frame of their names and types.
columns <- function(table) {
  all <- table_of(table)$columns
  data.frame(name = c("person", vapply(all, function(column) column$name, "")),
             type = c("integer", vapply(all, function(column) column[["value-type"]], "")))
}

# What a type of the manifest is in R.
class_of <- function(type) {
  switch(type, integer = "integer", decimal = "numeric", date = "Date", boolean = "logical",
         "character")
}

# A table as a data frame, or some of its columns.
read <- function(table, columns = NULL) {
  about <- helserom::columns(table)
  wanted <- if (is.null(columns)) about$name else columns
  missing <- setdiff(wanted, about$name)
  if (length(missing) > 0) {
    stop(sprintf("`%s` has no column `%s`: it has %s", table, missing[1],
                 paste(about$name, collapse = ", ")), call. = FALSE)
  }
  classes <- vapply(about$type, class_of, "")
  classes[!about$name %in% wanted] <- "NULL"
  # As the file has them: what R finds in the header goes by place.
  frame <- utils::read.csv(file.path(data_folder(), paste0(table, ".csv")),
                           colClasses = unname(classes), check.names = FALSE,
                           na.strings = "", encoding = "UTF-8")
  frame[wanted]
}

# What the tables answer to a statement, as a data frame. Every statement is kept
# in the room's journal, word for word.
sql <- function(statement) {
  # Where the socket is stands in the environment.
  connection <- DBI::dbConnect(RPostgreSQL::PostgreSQL(), host = Sys.getenv("PGHOST"),
                               dbname = Sys.getenv("PGDATABASE"), user = Sys.getenv("PGUSER"))
  on.exit(DBI::dbDisconnect(connection))
  DBI::dbGetQuery(connection, statement)
}

# What can be said of each kind of file: what must be, what may be.
kinds <- list(
  "unknown" = list(character(), character()),
  "frequency-table" = list(c("dimensions", "counts"), "hierarchies"),
  "magnitude-table" = list(c("dimensions", "value", "count"), "contributions"),
  "survival-curve" = list("time", c("at_risk", "events", "survival", "groups")),
  "model" = list(character(), c("n", "parameters", "residual_df")),
  "figure" = list(character(), "table")
)

# What is a list however few there are.
plural <- c("dimensions", "counts", "groups", "contributions")

# What was handed over so far.
handed_over <- function() {
  if (!file.exists(list_file())) return(list())
  jsonlite::fromJSON(list_file(), simplifyVector = FALSE)$files
}

# Several programs of a room may hand over at once: the list is written in turn. A
# turn takes milliseconds: one that is older than ten seconds is nobody's.
in_turn <- function(work) {
  turn <- file.path(work_folder(), ".handing-over")
  nobodys <- Sys.time() + 10
  while (!dir.create(turn, showWarnings = FALSE)) {
    since <- file.mtime(turn)
    # It is there, or it was a moment ago: else nothing can be made here.
    if (!is.na(since)) {
      nobodys <- Sys.time() + 10
      if (difftime(Sys.time(), since, units = "secs") > 10) unlink(turn, recursive = TRUE)
    } else if (Sys.time() > nobodys) {
      stop(sprintf("nothing can be written in %s", work_folder()), call. = FALSE)
    }
    Sys.sleep(0.01)
  }
  on.exit(unlink(turn, recursive = TRUE))
  work
}

# Hands a file of the work folder over, to be asked out. What can be said of each
# kind stands in `kinds` above; `note` says what the file is for.
hand_over <- function(file, kind = "unknown", ..., note) {
  about <- list(...)
  if (!kind %in% names(kinds)) {
    stop(sprintf("`%s` is no kind of file: use one of %s", kind,
                 paste(names(kinds), collapse = ", ")), call. = FALSE)
  }
  needed <- kinds[[kind]][[1]]
  possible <- c(needed, kinds[[kind]][[2]])
  strange <- setdiff(names(about), possible)
  if (length(strange) > 0 || any(names(about) == "")) {
    stop(sprintf("of a `%s` nothing is said as `%s`: use %s", kind, strange[1],
                 paste(possible, collapse = ", ")), call. = FALSE)
  }
  lacking <- setdiff(needed, names(about))
  if (length(lacking) > 0) stop(sprintf("a `%s` needs `%s`", kind, lacking[1]), call. = FALSE)
  if (missing(note) || !nzchar(trimws(note))) {
    stop("say in `note` what the file is for", call. = FALSE)
  }
  work <- normalizePath(work_folder(), mustWork = TRUE)
  path <- if (startsWith(file, "/")) file else file.path(work, file)
  if (!file.exists(path)) {
    stop(sprintf("there is no file `%s` in %s", file, work), call. = FALSE)
  }
  path <- normalizePath(path)
  if (!startsWith(path, paste0(work, "/"))) {
    stop(sprintf("`%s` is not in %s", file, work), call. = FALSE)
  }
  name <- substring(path, nchar(work) + 2)
  one <- function(key) {
    value <- about[[key]]
    if (key %in% plural) as.list(value) else if (is.list(value)) value else jsonlite::unbox(value)
  }
  said <- stats::setNames(lapply(names(about), one), names(about))
  wish <- list(name = jsonlite::unbox(name),
               declared = c(list(kind = jsonlite::unbox(kind)), said),
               note = jsonlite::unbox(note))
  in_turn({
    before <- Filter(function(other) other$name != name, handed_over())
    text <- jsonlite::toJSON(list(files = c(before, list(wish))), auto_unbox = TRUE,
                             pretty = TRUE, null = "null", digits = NA)
    unfinished <- tempfile(".handed-over-", tmpdir = work)
    writeLines(enc2utf8(text), unfinished, useBytes = TRUE)
    file.rename(unfinished, list_file())
  })
  invisible(wish)
}
