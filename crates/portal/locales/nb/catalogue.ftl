# Front
front-title = Helsedata til god bruk
front-lead = Finn data, søk om å bruke dem, og få resultatet ut – med regler som maskinen håndhever og en hovedbok alle kan stole på.
front-figures = Tall
front-sources = kilder
front-variables = variabler
front-median = fra søknad til tillatelse, median
front-uses = saker i registeret
front-holds = Hva senteret har
front-newest = Nyeste resultater
front-register = Se alt data brukes til

# Catalogue
catalogue-lead = Alt det kan søkes om, beskrevet uten at noen enkeltperson kan kjennes igjen.
catalogue-search = Søk etter variabler
catalogue-search-example = kolesterol, diagnose, fødselsår …
catalogue-search-button = Søk
catalogue-all-sources = Alle kilder
catalogue-empty = Ingen kilder er registrert ennå.
catalogue-found = { $first } av { $second } variabler passer
catalogue-nothing-found = Ingen variabel har alle disse ordene. Prøv færre eller andre ord.
variables-count = { $n ->
    [one] { $count } variabel
   *[other] { $count } variabler
}
filled-share = { $value } utfylt
source-size = { $first } personer, { $second } rader
basket-add = Legg i kurven
basket-remove = Ta ut
basket-see = Se kurven
basket-go = { $n ->
    [one] Gå videre med { $count } variabel
   *[other] Gå videre med { $count } variabler
}
basket-title = Kurven
basket-what = Dette har du plukket ut. En søknad begynner med det, og du begrunner hver variabel der.
basket-empty = Kurven er tom. Plukk ut variabler i katalogen, eller begynn på en tom søknad.
basket-apply = Begynn på en søknad
basket-more = Finn flere variabler
basket-gone = Finnes ikke lenger

# Source
source = Kilde
source-holder = Dataholder
source-holders = Dataholdere
source-awaited = Venter på data
source-awaited-says = Ingen leveranse er tatt inn ennå.
source-late = Forsinket
source-late-says = Dataholderen har lovet en leveranse som ikke er kommet.
source-fresh = Oppdatert
source-fresh-says = Siste leveranse kom til avtalt tid.
source-delivered = Siste leveranse
source-next = Neste leveranse senest
source-choose = Velg variabler
source-coverage = Dekning over tid
source-coverage-desc = Antall rader per år i { $value }. De samme tallene står i tabellen.
few-years = Antall rader per år. År med færre enn { $value } personer er bare stiplet.
source-variables = Variabler
source-no-variables = Kilden har ingen variabler.
source-vault = Navngir personer og utleveres aldri
source-vault-what = Disse opplysningene ligger kryptert i hvelvet og brukes bare til å koble.
source-deliveries = Leveranser
source-delivery = Leveranse
source-refused = Avvist:
rows-read = Rader lest
rows-kept = Rader tatt inn
rows-aside = Lagt til side
rhythm-daily = hver dag
rhythm-weekly = hver uke
rhythm-monthly = hver måned
rhythm-quarterly = hvert kvartal
rhythm-yearly = hvert år
rhythm-once = én gang

# Variable
variable = Variabel
variable-title = Betegnelse
variable-type = Type
variable-unit = Enhet
variable-code-system = Kodeverk
variable-filled = Utfylt
variable-care = Varsomhet
variable-range = Spenn
variable-value = Verdi
variable-means = Betyr
variable-share = Andel av radene
variable-top = Vanligste verdier
variable-top-desc = De vanligste verdiene av { $value } som liggende stolper. De samme tallene står i tabellen.
variable-top-what = Antall rader, avrundet.
variable-spread = Hvor verdiene ligger
variable-spread-desc = Verdiene av { $value } ved 5, 25, 50, 75 og 95 prosent av radene. De samme tallene står i tabellen.
variable-spread-what = Så stor andel av radene har verdien eller mindre.
variable-years = Rader per år
variable-codes = Koder
variable-nothing = Det er ingenting å vise om verdiene: de er for få, eller ingenting er levert ennå.
variable-few = Ingenting her hviler på færre enn { $value } personer: da kunne noen kjennes igjen.
type-text = tekst
type-code = kode
type-integer = heltall
type-decimal = desimaltall
type-date = dato
type-boolean = ja eller nei
care-ordinary = vanlig
care-quasi = kan bidra til gjenkjenning
care-health = om helse
care-high = særlig følsom
care-direct = navngir

# Rows kept aside
aside-rows = Rader lagt til side
aside-what = Bare dataholderen ser dette: radene har identifikatorer. Rett dem i kilden og lever på nytt.
aside-none = Ingen rad ble lagt til side.
aside-why = Hvorfor
aside-text = Raden som levert
reason-field-count = for få eller for mange felter
reason-too-large = raden er for lang
reason-quote = anførselstegn på feil sted
reason-encoding = tegn som ikke kan leses
reason-missing = verdien mangler
reason-national-id = ikke et fødselsnummer
reason-integer = ikke et heltall
reason-decimal = ikke et tall
reason-date = ikke en dato
reason-boolean = verken ja eller nei
reason-future-date = dato i fremtiden
reason-early-date = for tidlig dato
reason-not-allowed = ikke blant de tillatte verdiene
reason-below-min = mindre enn tillatt
reason-above-max = større enn tillatt
reason-formula = en formel
reason-order = datoer i feil rekkefølge
reason-repeated = samme rad én gang til
reason-duplicate-key = samme nøkkel på ulike rader
reason-two-people = samme fødselsnummer på to personer
