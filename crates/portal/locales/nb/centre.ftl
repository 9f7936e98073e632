# Centre
centre-ready = I drift
centre-not-ready = Ikke klart
centre-storage = Lager
centre-keys = Nøkler
centre-versions = Versjoner
centre-settings = Innstillinger
centre-work = Arbeid
centre-accounts = Kontoer
well = i orden
not-well = se på dette
reading-metadata = Metadatabase
reading-free = Ledig plass
reading-ledger = Poster i hovedboken
reading-checkpoint = Poster dekket av signert kontrollpunkt
reading-backup = Siste sikkerhetskopi
reading-master = Hovednøkkel byttet
