# Output
output = Output
output-file = The file
output-findings = Findings
output-mend = As it would be mended
output-mend-button = Make the mended file
output-mends = Mended from
output-decide = Decide
output-decisions = Decisions
output-others = Other files from the room
output-compared = Left before under the same permit, and compared with
output-asked-by = Asked for by
output-asked-at = Asked for
output-unreadable = The file cannot be shown here: { $value }.
output-inside = What is in the file is shown once it is released. Until then it is read in the room.
output-release = Release
output-hold = Hold until changed
output-refuse = Refuse
output-no-release = A rule is broken: make the mended file, hold or refuse.
output-waits-check = The machine applies the rules to it.
output-waits-checker = It waits for a checker.
output-waits-researcher = It waits for whoever asked for it to change it.
output-over = It is decided.
finding = finding
finding-mend = Mend
findings-none = Nothing. All of the file was understood and every rule was kept.
findings-awaited = The file has not been checked yet.
changed = changed
rows-hidden = { $n ->
    [one] { $count } more row is not shown.
   *[other] { $count } more rows are not shown.
}
place-file = The whole file
place-column = Column { $value }
place-row = Row { $value }
place-cell = Row { $first }, column { $second }
place-line = Line { $value }
place-element = Element { $value }
places-more = { $n ->
    [one] and { $count } more
   *[other] and { $count } more
}
weight-note = good to know
weight-review = must be looked at
weight-refuse = must not leave
suggest-pass = rules kept
suggest-review = needs a look
suggest-refuse = rule broken
mend-withhold = Withhold the cells, and others so that they cannot be worked out.
mend-drop-column = Leave the column out.
mend-round = Write fewer digits.
mend-thin = Show the curve at fewer times.
mend-strip = Take out what nobody sees.
state-output-requested = Being checked
state-output-checked = To be decided
state-output-held = Held
state-output-refused = Refused
state-output-released = Released
keys-title = Keys
key-j = next line
key-k = line before
key-a = to the button that says yes
key-r = to the button that says no
key-help = show the keys

# Release
release = Release
release-says = Checked, packed and signed.
release-waiting = Not fetched
release-fetched = Fetched
release-fetched-times = Times fetched
release-download = Download the package
release-holds = What it holds
release-verify = How to verify it
release-verify-what = Anyone can check that the package is the one the centre signed and that no byte was changed.
release-sha256 = SHA-256 of the package
release-key = The centre’s key (Ed25519)
release-only-people = The package is fetched by the people of the permit.
release-pack = Pack what was released
packing-none = Nothing was released that is not packed already.
packing-what = These files were released. They are written into one package and signed by the centre.
packing-button = Pack and sign

nav-outputs = Output review
outputs-title = Output review
outputs-lead = Files that somebody asked to take out of a room, and what was decided.
outputs-caption = Files
outputs-empty = Nobody has asked to take a file out yet.
sheet-page = Page { $first } of { $second }
