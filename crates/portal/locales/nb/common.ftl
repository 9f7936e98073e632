# Around every page
skip-to-content = Til innholdet
demo-banner = Demonstrasjon.
demo-banner-what = Alle kan logge inn som hvem som helst, og identitetene er oppdiktede. Legg aldri ekte opplysninger inn her.
nav-main = Hovedmeny
nav-language = Språk
nav-theme = Lyst eller mørkt
nav-work = Mitt arbeid
nav-catalogue = Katalog
nav-register = Bruk av data
nav-results = Resultater
nav-ledger = Hovedbok
nav-centre = Senteret
nav-basket = { $n ->
    [one] Kurv: { $count } variabel
   *[other] Kurv: { $count } variabler
}
theme-auto = Som maskinen
theme-light = Lyst
theme-dark = Mørkt
foot-what = Alt som skjer her, føres i en hovedbok som kan etterprøves.
foot-api = API for programmer
sign-in = Logg inn
sign-out = Logg ut

# Parts of pages
rules-heading = Personer og regler
rules-may = Du kan:
rules-may-not = Du kan ikke:
rules-rule = regel
timeline-heading = Hva som har skjedd
timeline-proof = Hovedbok, post
timeline-more = De nyeste { $value } vises. Alt som har skjedd, står i hovedboken, og det som ble gjort i et rom, i rommets journal.
timeline-empty = Ingenting som du kan se her.
list-search = Søk i listen
list-all = Alle
list-narrow = Vis
list-widen = Vis alle
list-nothing-found = Ingenting passer. Prøv andre ord, eller vis alle.
list-range = Rad { $first } av { $second }
list-total = { $n ->
    [one] { $count } rad
   *[other] { $count } rader
}
list-sort = Sorter etter:
list-csv = Last ned som CSV
list-pages = Sider i listen
list-previous = Forrige
list-next = Neste
list-name = Navn
list-count = Antall
list-empty = Her er det tomt.
due = Frist
due-today = siste dag i dag
due-in = { $n ->
    [one] { $count } dag igjen
   *[other] { $count } dager igjen
}
due-past = { $n ->
    [one] { $count } dag for sent
   *[other] { $count } dager for sent
}
since = Siden
when = Når
who = Hvem
what = Hva
state = Tilstand
size = Størrelse
file = Fil
files = Filer
table = Tabell
row = Rad
rows = Rader
columns = Kolonner
people = Personer
year = År
of = { $first } av { $second }
reason = Begrunnelse
close = Lukk
save = Lagre
saved = Lagret.
saving = Lagres om litt …
not-saved = Ikke lagret. Trykk «Lagre».
not-said = Ikke oppgitt
as-table = Vis som tabell
look-again = Se igjen
organisation = Organisasjon
roles = Roller
faults-heading = { $n ->
    [one] Én ting må rettes
   *[other] { $count } ting må rettes
}
fault-day = `{ $value }` er ingen dato. Skriv år, måned og dag slik: 2026-12-31.
fault-number = `{ $value }` er ikke et tall som passer her.
fault-account = `{ $value }` er ikke et kontonavn.
from-to = { $first } til { $second }
from-on = fra og med { $value }
until = til og med { $value }
without-limit = uten grense

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
   *[other] { $count } dager
}
month-1 = januar
month-2 = februar
month-3 = mars
month-4 = april
month-5 = mai
month-6 = juni
month-7 = juli
month-8 = august
month-9 = september
month-10 = oktober
month-11 = november
month-12 = desember

# What was just done
done-saved = Lagret.
done-submitted = Søknaden er sendt inn.
done-withdrawn = Søknaden er trukket.
done-answered = Svaret er gitt.
done-granted = Tillatelsen er gitt og signert.
done-returned = Søknaden er sendt tilbake for utfylling.
done-refused = Avslaget er gitt.
done-commented = Merknaden er lagret.
done-revoked = Tillatelsen er trukket tilbake, og rommene er lukket.
done-extract = Dataene er gjort klare.
done-room-opened = Rommet er åpnet.
done-room-closed = Rommet er lukket.
done-run = Skriptet er satt i gang.
done-queued = Maskinen er full: det venter i køen og begynner av seg selv.
done-stopped = Kjøringen er stanset.
done-asked = Filene er bedt ut og kontrollert.
done-released = Filen er frigitt.
done-held = Filen er holdt tilbake til den er endret.
done-kept-in = Filen er avslått.
done-mended = En rettet fil er laget og kontrollert.
done-brought = Filen er sendt og undersøkt.
done-admitted = Filen er sluppet inn.
done-kept-out = Filen er holdt ute.
done-packaged = Pakken er skrevet og signert.
done-password = Passordet er byttet. Andre økter er logget ut.
done-basket-full = Kurven er full. Begynn på en søknad med det som ligger i den.

# The API's page
api-title = API for programmer
api-lead = Alt portalen gjør, kan programmer også gjøre. Beskrivelsen er på engelsk.
api-description = Last ned beskrivelsen (OpenAPI 3.1)
done-room-reopened = Rommet er åpent igjen.
done-room-removed = Rommet er fjernet.
done-restored = Filen er slik den var.
