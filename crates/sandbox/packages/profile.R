# What makes R in a room find packages that were installed in it, and install.packages
# ask the room's mirror. A room has no network: the mirror is a socket in the file
# system, which curl can be told of and R's own downloads cannot.
local({
  mirror <- "/run/packages/mirror"
  own <- Sys.getenv("ROOM_R_PACKAGES")
  there <- file.exists(mirror)
  if (there) {
    dir.create(own, showWarnings = FALSE, recursive = TRUE)
  }
  if (dir.exists(own)) {
    .libPaths(c(own, .libPaths()))
  }
  # The address is what R names when it cannot reach it.
  host <- if (there) "localhost" else "this-centre-has-no-mirror-of-packages"
  options(
    repos = c(CRAN = paste0("http://", host, "/cran")),
    pkgType = "source",
    download.file.method = "curl",
    download.file.extra = paste("--unix-socket", mirror, "--fail --silent --no-show-error --noproxy '*'")
  )
  # R's own words name no way to a package that is not there.
  globalCallingHandlers(warning = function(said) {
    if (grepl("not available for this version of R", conditionMessage(said), fixed = TRUE)) {
      message(if (there) {
        "Rooms fetch packages that are allowed: see the page `Packages`, where the room's page asks for more."
      } else {
        "This centre has no mirror of packages for rooms: they have what is on the page `Packages`."
      })
    }
  })
})
