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
reading-metadata = Metadata database
reading-free = Free space
reading-ledger = Entries in the ledger
reading-checkpoint = Entries covered by a signed checkpoint
reading-backup = Last backup
reading-master = Master key rotated
