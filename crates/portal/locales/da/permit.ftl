# Permit
permit = Tilladelse
permit-allows = Hvad den tillader
permit-extract = Data
permit-rooms = Rum
permit-signature = Signatur
permit-signature-what = Adgangsorganets Ed25519-signatur over det, tilladelsen siger. Maskinen prøver den ved hver brug.
permit-revoke = Træk tilladelsen tilbage
permit-revoke-what = Rummene lukkes straks. Begrundelsen står åbent.
permit-not-yet-says = Den begynder at gælde senere.
permit-ready-says = Den gælder, og dataene er klar.
permit-no-extract-says = Den gælder. Dataene er ikke gjort klar endnu.
permit-expired-says = Sidste dag er forbi. Ansøg om ny tilladelse for at fortsætte.
permit-revoked-says = Tilladelsen er trukket tilbage: { $value }
permit-enter-room = Gå ind i rummet
permit-open-room = Åbn et rum
permit-build-extract = Gør dataene klar
state-permit-not-yet = Ikke begyndt
state-permit-active = Gælder
state-permit-expired = Udløbet
state-permit-revoked = Trukket tilbage
data-user = Databruger
issued = Givet
issued-by = Givet af
extract = Udtræk
extract-what = Koblet på tværs af kilderne, med nye løbenumre, som kun gælder her.
extract-built = Gjort klar
extract-none = Ingen data er gjort klar.
rooms-none = Ingen rum er åbnet.
runs-count = { $n ->
    [one] { $count } kørsel
   *[other] { $count } kørsler
}

# Register
register-title = Hvad data bruges til
register-lead = Alle ansøgninger, tilladelser og afslag, åbent for alle.
register-caption = Brug af data
register-empty = Ingen har ansøgt endnu.
use-public = Dette er, hvad alle kan se. De, sagen vedrører, ser mere, når de logger ind.
use-how = Hvordan
use-decision = Begrundelse for afgørelsen
releases-count = { $n ->
    [one] { $count } pakke ude
   *[other] { $count } pakker ude
}

# Results
results-lead = Alt, der er sluppet ud af rummene, efter kontrol.
results-caption = Pakker
results-empty = Intet er sluppet ud endnu.
released-at = Sluppet ud
extract-making = Dataene gøres klar:
extract-failed = Det gik ikke:
phase-linking = personer findes på tværs af kilderne
phase-table = { $value } skrives
permit-stand-in = Hent en stedfortræder
permit-stand-in-what = Tabeller som tilladelsens om 1 000 personer, der ikke findes, lavet af det, kataloget viser. Skriv og prøv koden hjemme på dem; på dataene kører den i et rum.
calendar = Hvad der slutter hvornår
calendar-what = Dage tilbage til hver dato, den nærmeste først.
calendar-none = Intet slutter, som vi ved om.
calendar-file = Læg datoerne i din kalender (iCalendar)
calendar-file-what = Filen nævner tilladelser og rum med id og ingen person og intet studie.
due-permit-begins = Tilladelsens første dag
due-permit-ends = Tilladelsens sidste dag
due-room-shut = Rummet lukkes
due-room-removed = Rummet slettes
due-versions-end = De første versioner går
found = Sådan blev personerne fundet
found-threshold = To poster blev én person fra en sandsynlighed på { $value }.
found-exact = { $first } af { $second } poster blev fundet igen med et gyldigt og ens personnummer.
found-own-number = { $value } til med registerets eget nummer på personen.
found-near = { $value } til med et personnummer med én skrivefejl, hvor navn og fødselsdato stemmer.
found-likely = { $value } til med navne, fødselsdato, køn og sted tilsammen.
found-doubt = Af de koblinger, der ikke hviler på ens numre, ventes { $first } at være forkerte; { $second } ventes at mangle.
found-what-doubt = Forventningerne er modellens egne. Personer, som intet skiller, og poster, der ikke har noget af det sammenlignede tilfælles, er ikke med.
found-smallest = Ingen tal under { $value } vises, heller ikke tal, der ville røbe dem.
found-few = <{ $value }
found-withheld = –
found-by-source = Efter kilde
found-by-sex = Efter køn
found-by-age = Efter alder
found-by-country = Efter fødeland
found-all = Alle
found-unknown = Ikke kendt
found-female = Kvinder
found-male = Mænd
found-others = Andre
found-stage-exact = Ens nummer
found-stage-own-number = Registerets eget nummer
found-stage-near = Nummer med skrivefejl
found-stage-likely = Navne med mere
found-stage-alone = Ikke fundet andre steder
found-false = Forkerte koblinger
found-missed = Manglende koblinger
found-links = Koblinger
found-tables = Tallene som tabeller
found-thresholds = Hvad andre tærskler ville give
found-thresholds-what = Koblinger, der ventes at være forkerte og at mangle, efter tærskel. Den lodrette streg er denne tilladelses.
found-threshold-word = Tærskel
found-weights = Par efter vægt
found-weights-what = Hvor mange par af personer der har hvilken vægt, i bit: til venstre to personer, til højre én.
found-bits = Fra bit
found-pairs = Par
found-narrowed = { $first } poster deler én værdi under reglen »{ $second }«: de blev kun sammenlignet, hvor noget andet også stemmer.
found-rule-narrowed = Reglen »{ $second }« ville have sammenlignet { $first } par: de blev kun sammenlignet, hvor noget andet også stemmer.
found-not-compared = { $first } poster deler én værdi under reglen »{ $second }« og blev ikke sammenlignet efter den.
changed-since = Siden sidste gang
changed-kept = { $value } personer har det nummer, de havde.
changed-new = { $value } personer er nye.
changed-merged = { $value } numre bruges ikke længere: personerne viste sig at være andre, som også har et nummer.
changed-split = { $value } numre viste sig at være flere personer: én beholder nummeret, de andre har fået nye.
changed-file = Hvilke det er, står i moved_numbers.csv ved siden af tabellerne i rummet.
