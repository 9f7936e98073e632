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
permit-revoked-says = Den er trukket tilbage: { $value }
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
