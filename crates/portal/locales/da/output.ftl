# Output
output = Fil ud
output-file = Filen
output-findings = Fund
output-mend = Sådan ville den blive rettet
output-mend-button = Lav den rettede fil
output-mends = Rettet fra
output-decide = Afgør
output-decisions = Afgørelser
output-others = Andre filer fra rummet
output-compared = Frigivet før på samme tilladelse og sammenlignet med
output-asked-by = Bedt ud af
output-asked-at = Bedt ud
output-unreadable = Filen kan ikke vises her: { $value }.
output-inside = Indholdet vises, når filen er frigivet. Indtil da læses den i rummet.
output-release = Slip ud
output-hold = Hold tilbage, til den er ændret
output-refuse = Afslå
output-no-release = En regel er brudt: lav den rettede fil, hold tilbage eller afslå.
output-waits-check = Maskinen prøver reglerne på den.
output-waits-checker = Den venter på en kontrollør.
output-waits-researcher = Den venter på, at den, der bad om den, ændrer den.
output-over = Den er afgjort.
finding = fund
finding-mend = Rettelse
findings-none = Intet. Hele filen blev forstået, og alle regler holder.
findings-awaited = Filen er ikke kontrolleret endnu.
changed = ændret
rows-hidden = { $n ->
    [one] { $count } række mere vises ikke.
   *[other] { $count } rækker mere vises ikke.
}
place-file = Hele filen
place-column = Kolonne { $value }
place-row = Række { $value }
place-cell = Række { $first }, kolonne { $second }
place-line = Linje { $value }
place-element = Element { $value }
places-more = { $n ->
    [one] og { $count } til
   *[other] og { $count } til
}
weight-note = til orientering
weight-review = skal ses på
weight-refuse = kan ikke slippe ud
suggest-pass = reglerne holder
suggest-review = skal ses på
suggest-refuse = regel brudt
mend-withhold = Skjul cellerne, og andre, så de ikke kan regnes ud.
mend-drop-column = Udelad kolonnen.
mend-round = Skriv færre cifre.
mend-thin = Vis kurven ved færre tidspunkter.
mend-strip = Fjern det, ingen ser.
state-output-requested = Kontrolleres
state-output-checked = Til afgørelse
state-output-held = Holdt tilbage
state-output-refused = Afslået
state-output-released = Frigivet
keys-title = Taster
key-j = næste linje
key-k = forrige linje
key-a = til knappen, der siger ja
key-r = til knappen, der siger nej
key-help = vis tasterne

# Release
release = Pakke
release-says = Kontrolleret, pakket og signeret.
release-waiting = Ikke hentet
release-fetched = Hentet
release-fetched-times = Gange hentet
release-download = Hent pakken
release-holds = Hvad den indeholder
release-verify = Sådan efterprøves den
release-verify-what = Enhver kan prøve, at pakken er den, centret signerede, og at ingen byte er ændret.
release-sha256 = Pakkens SHA-256
release-key = Centrets nøgle (Ed25519)
release-only-people = Pakken hentes af dem, der står på tilladelsen.
release-pack = Pak det, der er frigivet
packing-none = Intet er frigivet, som ikke allerede er pakket.
packing-what = Disse filer er frigivet. De skrives i én pakke og signeres af centret.
packing-button = Pak og signér

nav-outputs = Resultatkontrol
outputs-title = Resultatkontrol
outputs-lead = Filer, som nogen har bedt om at få ud af et rum, og hvad der blev afgjort.
outputs-caption = Filer
outputs-empty = Ingen har bedt om at få en fil ud endnu.
sheet-page = Side { $first } af { $second }
