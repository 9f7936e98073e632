# Front
front-title = Sundhedsdata til god brug
front-lead = Find data, ansøg om at bruge dem, og få resultatet ud – med regler, som maskinen håndhæver, og en hovedbog, alle kan stole på.
front-figures = Tal
front-sources = kilder
front-variables = variabler
front-median = fra ansøgning til tilladelse, median
front-uses = sager i registret
front-holds = Hvad centret har
front-newest = Nyeste resultater
front-register = Se alt, hvad data bruges til

# Catalogue
catalogue-lead = Alt, der kan ansøges om, beskrevet, uden at nogen enkeltperson kan genkendes.
catalogue-search = Søg efter variabler
catalogue-search-example = kolesterol, diagnose, fødselsår …
catalogue-search-button = Søg
catalogue-all-sources = Alle kilder
catalogue-empty = Ingen kilder er registreret endnu.
catalogue-found = { $first } af { $second } variabler passer
catalogue-nothing-found = Ingen variabel har alle disse ord. Prøv færre eller andre ord.
variables-count = { $n ->
    [one] { $count } variabel
   *[other] { $count } variabler
}
filled-share = { $value } udfyldt
source-size = { $first } personer, { $second } rækker
basket-add = Læg i kurven
basket-remove = Tag ud
basket-see = Se kurven
basket-go = { $n ->
    [one] Gå videre med { $count } variabel
   *[other] Gå videre med { $count } variabler
}
basket-title = Kurven
basket-what = Dette har du valgt ud. En ansøgning begynder med det, og du begrunder hver variabel dér.
basket-empty = Kurven er tom. Vælg variabler i kataloget, eller begynd på en tom ansøgning.
basket-apply = Begynd på en ansøgning
basket-more = Find flere variabler
basket-gone = Findes ikke længere

# Source
source = Kilde
source-holder = Dataindehaver
source-holders = Dataindehavere
source-awaited = Venter på data
source-awaited-says = Ingen leverance er taget ind endnu.
source-late = Forsinket
source-late-says = Dataindehaveren har lovet en leverance, der ikke er kommet.
source-fresh = Opdateret
source-fresh-says = Seneste leverance kom til aftalt tid.
source-delivered = Seneste leverance
source-next = Næste leverance senest
source-choose = Vælg variabler
source-coverage = Dækning over tid
source-coverage-desc = Antal rækker per år i { $value }. De samme tal står i tabellen.
few-years = Antal rækker per år. År med færre end { $value } personer er kun stiplet.
source-variables = Variabler
source-no-variables = Kilden har ingen variabler.
source-vault = Navngiver personer og udleveres aldrig
source-vault-what = Disse oplysninger ligger krypteret i boksen og bruges kun til at koble.
source-deliveries = Leverancer
source-delivery = Leverance
source-refused = Afvist:
rows-read = Rækker læst
rows-kept = Rækker taget ind
rows-aside = Lagt til side
rhythm-daily = hver dag
rhythm-weekly = hver uge
rhythm-monthly = hver måned
rhythm-quarterly = hvert kvartal
rhythm-yearly = hvert år
rhythm-once = én gang

# Variable
variable = Variabel
variable-title = Betegnelse
variable-type = Type
variable-unit = Enhed
variable-code-system = Kodesystem
variable-filled = Udfyldt
variable-care = Varsomhed
variable-range = Spænd
variable-value = Værdi
variable-means = Betyder
variable-share = Andel af rækkerne
variable-top = Hyppigste værdier
variable-top-desc = De hyppigste værdier af { $value } som liggende søjler. De samme tal står i tabellen.
variable-top-what = Antal rækker, afrundet.
variable-spread = Hvor værdierne ligger
variable-spread-desc = Værdierne af { $value } ved 5, 25, 50, 75 og 95 procent af rækkerne. De samme tal står i tabellen.
variable-spread-what = Så stor en andel af rækkerne har værdien eller mindre.
variable-years = Rækker per år
variable-codes = Koder
variable-nothing = Der er intet at vise om værdierne: de er for få, eller intet er leveret endnu.
variable-few = Intet her hviler på færre end { $value } personer: så kunne nogen genkendes.
type-text = tekst
type-code = kode
type-integer = heltal
type-decimal = decimaltal
type-date = dato
type-boolean = ja eller nej
care-ordinary = almindelig
care-quasi = kan bidrage til genkendelse
care-health = om helbred
care-high = særligt følsom
care-direct = navngiver

# Rows kept aside
aside-rows = Rækker lagt til side
aside-what = Kun dataindehaveren ser dette: rækkerne har identifikatorer. Ret dem i kilden, og lever igen.
aside-none = Ingen række blev lagt til side.
aside-why = Hvorfor
aside-text = Rækken som leveret
reason-field-count = for få eller for mange felter
reason-too-large = rækken er for lang
reason-quote = anførselstegn på et forkert sted
reason-encoding = tegn, der ikke kan læses
reason-missing = værdien mangler
reason-national-id = ikke et personnummer
reason-integer = ikke et helt tal
reason-decimal = ikke et tal
reason-date = ikke en dato
reason-boolean = hverken ja eller nej
reason-future-date = dato i fremtiden
reason-early-date = for tidlig dato
reason-not-allowed = ikke blandt de tilladte værdier
reason-below-min = mindre end tilladt
reason-above-max = større end tilladt
reason-formula = en formel
reason-order = datoer i forkert rækkefølge
reason-repeated = samme række én gang til
reason-duplicate-key = samme nøgle på forskellige rækker
reason-two-people = samme personnummer på to personer
