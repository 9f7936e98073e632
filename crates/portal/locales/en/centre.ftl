# Centre
centre-ready = Running
centre-not-ready = Not ready
centre-storage = Storage
centre-keys = Keys
centre-versions = Versions
centre-settings = Settings
centre-work = Work
centre-accounts = Accounts
well = well
not-well = look at this
