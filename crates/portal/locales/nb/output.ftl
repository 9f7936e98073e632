# Output
output = Fil ut
output-file = Filen
output-findings = Funn
output-mend = Slik ville den bli rettet
output-mend-button = Lag den rettede filen
output-mends = Rettet fra
output-decide = Avgjør
output-decisions = Avgjørelser
output-others = Andre filer fra rommet
output-compared = Sluppet ut før på samme tillatelse, og sammenlignet med
output-asked-by = Bedt ut av
output-asked-at = Bedt ut
output-unreadable = Filen kan ikke vises her: { $value }.
output-inside = Innholdet vises når filen er frigitt. Til da leses den i rommet.
output-release = Slipp ut
output-hold = Hold tilbake til den er endret
output-refuse = Avslå
output-no-release = En regel er brutt: lag den rettede filen, hold tilbake eller avslå.
output-waits-check = Maskinen prøver reglene på den.
output-waits-checker = Den venter på en kontrollør.
output-waits-researcher = Den venter på at den som ba om den, endrer den.
output-over = Den er avgjort.
finding = funn
finding-mend = Retting
findings-none = Ingenting. Hele filen ble forstått, og alle regler holder.
findings-awaited = Filen er ikke kontrollert ennå.
changed = endret
rows-hidden = { $n ->
    [one] { $count } rad til vises ikke.
   *[other] { $count } rader til vises ikke.
}
place-file = Hele filen
place-column = Kolonne { $value }
place-row = Rad { $value }
place-cell = Rad { $first }, kolonne { $second }
place-line = Linje { $value }
place-element = Element { $value }
places-more = { $n ->
    [one] og { $count } til
   *[other] og { $count } til
}
weight-note = til orientering
weight-review = må ses på
weight-refuse = kan ikke slippe ut
suggest-pass = reglene holder
suggest-review = må ses på
suggest-refuse = regel brutt
mend-withhold = Skjul cellene, og andre så de ikke kan regnes ut.
mend-drop-column = Utelat kolonnen.
mend-round = Skriv færre sifre.
mend-thin = Vis kurven ved færre tidspunkter.
mend-strip = Ta bort det ingen ser.
state-output-requested = Kontrolleres
state-output-checked = Til avgjørelse
state-output-held = Holdt tilbake
state-output-refused = Avslått
state-output-released = Frigitt
keys-title = Taster
key-j = neste linje
key-k = forrige linje
key-a = til knappen som sier ja
key-r = til knappen som sier nei
key-help = vis tastene

# Release
release = Pakke
release-says = Kontrollert, pakket og signert.
release-waiting = Ikke hentet
release-fetched = Hentet
release-fetched-times = Ganger hentet
release-download = Hent pakken
release-holds = Hva den inneholder
release-verify = Slik etterprøves den
release-verify-what = Enhver kan prøve at pakken er den senteret signerte, og at ingen byte er endret.
release-sha256 = Pakkens SHA-256
release-key = Senterets nøkkel (Ed25519)
release-only-people = Pakken hentes av dem som står på tillatelsen.
release-pack = Pakk det som er frigitt
packing-none = Ingenting er frigitt som ikke alt er pakket.
packing-what = Disse filene er frigitt. De skrives i én pakke og signeres av senteret.
packing-button = Pakk og signer

nav-outputs = Resultatkontroll
outputs-title = Resultatkontroll
outputs-lead = Filer som noen har bedt om å få ut av et rom, og hva som ble avgjort.
outputs-caption = Filer
outputs-empty = Ingen har bedt om å få ut en fil ennå.
sheet-page = Side { $first } av { $second }
