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
