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
permit-revoked-says = Tillatelsen er trukket tilbake: { $value }
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
found = Slik ble personene funnet
found-threshold = To poster ble én person fra en sannsynlighet på { $value }.
found-exact = { $first } av { $second } poster ble funnet igjen med et gyldig og likt fødselsnummer.
found-own-number = { $value } til med registerets eget nummer på personen.
found-near = { $value } til med et fødselsnummer med én skrivefeil, der navn og fødselsdato stemmer.
found-likely = { $value } til med navn, fødselsdato, kjønn og sted samlet.
found-doubt = Av koblingene som ikke hviler på like numre, ventes { $first } å være feil; { $second } ventes å mangle.
found-what-doubt = Forventningene er modellens egne. Personer som ingenting skiller, og poster som ikke har noe av det som ble sammenlignet felles, er ikke med.
found-smallest = Ingen tall under { $value } vises, heller ikke tall som ville røpe dem.
found-few = <{ $value }
found-withheld = –
found-by-source = Etter kilde
found-by-sex = Etter kjønn
found-by-age = Etter alder
found-by-country = Etter fødeland
found-all = Alle
found-unknown = Ikke kjent
found-female = Kvinner
found-male = Menn
found-others = Andre
found-stage-exact = Likt nummer
found-stage-own-number = Registerets eget nummer
found-stage-near = Nummer med skrivefeil
found-stage-likely = Navn med mer
found-stage-alone = Ikke funnet andre steder
found-false = Feil koblinger
found-missed = Koblinger som mangler
found-links = Koblinger
found-tables = Tallene som tabeller
found-thresholds = Hva andre terskler ville ha gitt
found-thresholds-what = Koblinger som ventes å være feil og å mangle, etter terskel. Den loddrette streken er denne tillatelsens.
found-threshold-word = Terskel
found-weights = Par etter vekt
found-weights-what = Hvor mange par av personer som har hvilken vekt, i bit: til venstre to personer, til høyre én.
found-bits = Fra bit
found-pairs = Par
found-narrowed = { $first } poster deler én verdi under regelen «{ $second }»: de ble bare sammenlignet der også noe annet stemmer.
found-rule-narrowed = Regelen «{ $second }» ville ha sammenlignet { $first } par: de ble bare sammenlignet der også noe annet stemmer.
found-not-compared = { $first } poster deler én verdi under regelen «{ $second }» og ble ikke sammenlignet etter den.
changed-since = Siden forrige gang
changed-kept = { $value } personer har nummeret de hadde.
changed-new = { $value } personer er nye.
changed-merged = { $value } numre brukes ikke lenger: personene viste seg å være andre som også har et nummer.
changed-split = { $value } numre viste seg å være flere personer: én beholder nummeret, de andre har fått nye.
changed-file = Hvilke det er, står i moved_numbers.csv ved siden av tabellene i rommet.
