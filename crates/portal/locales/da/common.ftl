# Around every page
skip-to-content = Til indholdet
demo-banner = Demonstration.
demo-banner-what = Alle kan logge ind som hvem som helst, og identiteterne er opdigtede. Læg aldrig rigtige oplysninger ind her.
nav-main = Hovedmenu
nav-language = Sprog
nav-theme = Lyst eller mørkt
nav-work = Mit arbejde
nav-catalogue = Katalog
nav-register = Brug af data
nav-results = Resultater
nav-ledger = Hovedbog
nav-centre = Centret
nav-basket = { $n ->
    [one] Kurv: { $count } variabel
   *[other] Kurv: { $count } variabler
}
theme-auto = Som maskinen
theme-light = Lyst
theme-dark = Mørkt
foot-what = Alt, hvad der sker her, føres i en hovedbog, som kan efterprøves.
foot-api = API til programmer
sign-in = Log ind
sign-out = Log ud

# Parts of pages
rules-heading = Personer og regler
rules-may = Du kan:
rules-may-not = Du kan ikke:
rules-rule = regel
timeline-heading = Hvad der er sket
timeline-proof = Hovedbog, post
timeline-more = De nyeste { $value } vises. Alt, der er sket, står i hovedbogen, og det, der blev gjort i et rum, i rummets journal.
timeline-empty = Intet, som du kan se her.
list-search = Søg i listen
list-all = Alle
list-narrow = Vis
list-widen = Vis alle
list-nothing-found = Intet passer. Prøv andre ord, eller vis alle.
list-range = Række { $first } af { $second }
list-total = { $n ->
    [one] { $count } række
   *[other] { $count } rækker
}
list-sort = Sortér efter:
list-csv = Hent som CSV
list-pages = Sider i listen
list-previous = Forrige
list-next = Næste
list-name = Navn
list-count = Antal
list-empty = Her er tomt.
due = Frist
due-today = sidste dag i dag
due-in = { $n ->
    [one] { $count } dag tilbage
   *[other] { $count } dage tilbage
}
due-past = { $n ->
    [one] { $count } dag for sent
   *[other] { $count } dage for sent
}
since = Siden
when = Hvornår
who = Hvem
what = Hvad
state = Tilstand
size = Størrelse
file = Fil
files = Filer
table = Tabel
row = Række
rows = Rækker
columns = Kolonner
people = Personer
year = År
of = { $first } af { $second }
reason = Begrundelse
close = Luk
save = Gem
saved = Gemt.
saving = Gemmes om lidt …
not-saved = Ikke gemt. Tryk »Gem«.
not-said = Ikke oplyst
as-table = Vis som tabel
look-again = Se igen
organisation = Organisation
roles = Roller
faults-heading = { $n ->
    [one] Én ting skal rettes
   *[other] { $count } ting skal rettes
}
fault-day = `{ $value }` er ingen dato. Skriv år, måned og dag sådan: 2026-12-31.
fault-number = `{ $value }` er ikke et tal, der passer her.
fault-account = `{ $value }` er ikke et kontonavn.
from-to = { $first } til { $second }
from-on = fra og med { $value }
until = til og med { $value }
without-limit = uden grænse

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
    [one] { $count } t
   *[other] { $count } t
}
time-days = { $n ->
    [one] { $count } dag
   *[other] { $count } dage
}
month-1 = januar
month-2 = februar
month-3 = marts
month-4 = april
month-5 = maj
month-6 = juni
month-7 = juli
month-8 = august
month-9 = september
month-10 = oktober
month-11 = november
month-12 = december

# What was just done
done-saved = Gemt.
done-submitted = Ansøgningen er sendt ind.
done-withdrawn = Ansøgningen er trukket tilbage.
done-answered = Svaret er givet.
done-granted = Tilladelsen er givet og signeret.
done-returned = Ansøgningen er sendt tilbage til udfyldning.
done-refused = Afslaget er givet.
done-commented = Bemærkningen er gemt.
done-revoked = Tilladelsen er trukket tilbage, og rummene er lukket.
done-extract = Dataene er gjort klar.
done-room-opened = Rummet er åbnet.
done-room-closed = Rummet er lukket.
done-run = Scriptet er sat i gang.
done-queued = Maskinen er fuld: det venter i køen og begynder af sig selv.
done-stopped = Kørslen er standset.
done-asked = Filerne er bedt ud og kontrolleret.
done-released = Filen er frigivet.
done-held = Filen holdes tilbage, til den er ændret.
done-kept-in = Filen er afslået.
done-mended = En rettet fil er lavet og kontrolleret.
done-brought = Filen er sendt og undersøgt.
done-admitted = Filen er lukket ind.
done-kept-out = Filen er holdt ude.
done-packaged = Pakken er skrevet og signeret.
done-password = Adgangskoden er skiftet. Andre sessioner er logget ud.
done-basket-full = Kurven er fuld. Begynd på en ansøgning med det, der ligger i den.

# The API's page
api-title = API til programmer
api-lead = Alt, hvad portalen gør, kan programmer også gøre. Beskrivelsen er på engelsk.
api-description = Hent beskrivelsen (OpenAPI 3.1)
done-room-reopened = Rummet er åbent igen.
done-room-removed = Rummet er fjernet.
done-restored = Filen er, som den var.
