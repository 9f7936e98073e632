# Permit
permit = Tillatelse
permit-allows = Hva den tillater
permit-extract = Data
permit-rooms = Rom
permit-signature = Signatur
permit-signature-what = Tilgangsorganets Ed25519-signatur over det tillatelsen sier. Maskinen prøver den ved hver bruk.
permit-revoke = Trekk tillatelsen tilbake
permit-revoke-what = Rommene lukkes straks. Begrunnelsen står åpent.
permit-not-yet-says = Den begynner å gjelde senere.
permit-ready-says = Den gjelder, og dataene er klare.
permit-no-extract-says = Den gjelder. Dataene er ikke gjort klare ennå.
permit-expired-says = Siste dag er over. Søk om ny tillatelse for å fortsette.
permit-revoked-says = Den er trukket tilbake: { $value }
permit-enter-room = Gå inn i rommet
permit-open-room = Åpne et rom
permit-build-extract = Gjør dataene klare
state-permit-not-yet = Ikke begynt
state-permit-active = Gjelder
state-permit-expired = Utløpt
state-permit-revoked = Trukket tilbake
data-user = Databruker
issued = Gitt
issued-by = Gitt av
extract = Uttrekk
extract-what = Koblet på tvers av kildene, med nye løpenumre som bare gjelder her.
extract-built = Gjort klart
extract-none = Ingen data er gjort klare.
rooms-none = Ingen rom er åpnet.
runs-count = { $n ->
    [one] { $count } kjøring
   *[other] { $count } kjøringer
}

# Register
register-title = Hva data brukes til
register-lead = Alle søknader, tillatelser og avslag, åpent for alle.
register-caption = Bruk av data
register-empty = Ingen har søkt ennå.
use-public = Dette er det alle kan se. De som saken gjelder, ser mer når de logger inn.
use-how = Hvordan
use-decision = Begrunnelse for avgjørelsen
releases-count = { $n ->
    [one] { $count } pakke ute
   *[other] { $count } pakker ute
}

# Results
results-lead = Alt som er sluppet ut av rommene, etter kontroll.
results-caption = Pakker
results-empty = Ingenting er sluppet ut ennå.
released-at = Sluppet ut
extract-making = Dataene gjøres klare:
extract-failed = Det gikk ikke:
phase-linking = personer finnes på tvers av kildene
phase-table = { $value } skrives
permit-stand-in = Last ned en stedfortreder
permit-stand-in-what = Tabeller som tillatelsens om 1 000 personer som ikke finnes, laget av det katalogen viser. Skriv og prøv koden hjemme på dem; på dataene kjører den i et rom.
calendar = Hva som slutter når
calendar-what = Dager igjen til hver dato, den nærmeste først.
calendar-none = Ingenting slutter som vi vet om.
calendar-file = Legg datoene i kalenderen din (iCalendar)
calendar-file-what = Filen nevner tillatelser og rom med id, og ingen person og ingen studie.
due-permit-begins = Tillatelsens første dag
due-permit-ends = Tillatelsens siste dag
due-room-shut = Rommet stenges
due-room-removed = Rommet slettes
due-versions-end = De første versjonene går
