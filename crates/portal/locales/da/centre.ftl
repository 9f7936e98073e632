# Centre
centre-ready = I drift
centre-not-ready = Ikke klar
centre-storage = Lager
centre-keys = Nøgler
centre-versions = Versioner
centre-settings = Indstillinger
centre-work = Arbejde
centre-accounts = Konti
well = i orden
not-well = se på dette
reading-metadata = Metadatabase
reading-free = Ledig plads
reading-ledger = Poster i hovedbogen
reading-checkpoint = Poster dækket af signeret kontrolpunkt
reading-backup = Seneste sikkerhedskopi
reading-master = Hovednøgle udskiftet
