# Around every page
skip-to-content = To the content
demo-banner = Demonstration.
demo-banner-what = Anyone can sign in as anyone, and identities are invented. Never put real data in here.
nav-main = Main menu
nav-language = Language
nav-theme = Light or dark
nav-work = My work
nav-catalogue = Catalogue
nav-register = Uses of data
nav-results = Results
nav-ledger = Ledger
nav-centre = The centre
nav-basket = { $n ->
    [one] Basket: { $count } variable
   *[other] Basket: { $count } variables
}
theme-auto = As my device
theme-light = Light
theme-dark = Dark
foot-what = Everything that happens here is kept in a ledger that can be verified.
foot-api = API for programs
sign-in = Sign in
sign-out = Sign out

# Parts of pages
rules-heading = People and rules
rules-may = You may:
rules-may-not = You may not:
rules-rule = rule
timeline-heading = What happened
timeline-proof = Ledger entry
timeline-more = The newest { $value } are shown. All that happened is in the ledger, and what was done in a room in its journal.
timeline-empty = Nothing that you may see here.
list-search = Search the list
list-all = All
list-narrow = Show
list-widen = Show all
list-nothing-found = Nothing fits. Try other words, or show all.
list-range = Rows { $first } of { $second }
list-total = { $n ->
    [one] { $count } row
   *[other] { $count } rows
}
list-sort = Sort by:
list-csv = Download as CSV
list-pages = Pages of the list
list-previous = Previous
list-next = Next
list-name = Name
list-count = Number
list-empty = There is nothing here.
due = Due
due-today = today is the last day
due-in = { $n ->
    [one] { $count } day left
   *[other] { $count } days left
}
due-past = { $n ->
    [one] { $count } day late
   *[other] { $count } days late
}
since = Since
when = When
who = Who
what = What
state = State
size = Size
file = File
files = Files
table = Table
row = Row
rows = Rows
columns = Columns
people = People
year = Year
of = { $first } of { $second }
reason = Reason
close = Close
save = Save
saved = Saved.
saving = Will be saved in a moment …
not-saved = Not saved. Press “Save”.
not-said = Not said
as-table = Show as a table
look-again = Look again
organisation = Organisation
roles = Roles
faults-heading = { $n ->
    [one] One thing must be put right
   *[other] { $count } things must be put right
}
fault-day = `{ $value }` is no date. Write year, month and day like this: 2026-12-31.
fault-number = `{ $value }` is not a number that fits here.
fault-account = `{ $value }` is not the name of an account.
from-to = { $first } to { $second }
from-on = from { $value } on
until = until { $value }
without-limit = without limit

# Time
time-seconds = { $n ->
    [one] { $count } s
   *[other] { $count } s
}
time-minutes = { $n ->
    [one] { $count } min
   *[other] { $count } min
}
time-hours = { $n ->
    [one] { $count } h
   *[other] { $count } h
}
time-days = { $n ->
    [one] { $count } day
   *[other] { $count } days
}
month-1 = January
month-2 = February
month-3 = March
month-4 = April
month-5 = May
month-6 = June
month-7 = July
month-8 = August
month-9 = September
month-10 = October
month-11 = November
month-12 = December

# What was just done
done-saved = Saved.
done-submitted = The application was submitted.
done-withdrawn = The application was withdrawn.
done-answered = The answer was given.
done-granted = The permit was issued and signed.
done-returned = The application was given back to be completed.
done-refused = The refusal was given.
done-commented = The remark was kept.
done-revoked = The permit was revoked and its rooms are closed.
done-extract = The data are ready.
done-room-opened = The room is open.
done-room-closed = The room is closed.
done-run = The script was started.
done-queued = The machine is full: it waits in the queue and begins by itself.
done-stopped = The run was stopped.
done-asked = The files were asked for and checked.
done-released = The file was released.
done-held = The file is held until it is changed.
done-kept-in = The file was refused.
done-mended = A mended file was made and checked.
done-brought = The file was sent and looked into.
done-admitted = The file was let in.
done-kept-out = The file was kept out.
done-packaged = The package was written and signed.
done-password = The password was changed. Other sessions were signed out.
done-basket-full = The basket is full. Begin an application with what is in it.

# The API's page
api-title = API for programs
api-lead = Everything the portal does, programs can do too.
api-description = Download the description (OpenAPI 3.1)
done-room-reopened = The room is open again.
done-room-removed = The room is removed.
done-restored = The file is what it was.
