-- Read by SQLite and by PostgreSQL alike: TEXT and BIGINT only, $1 for values.

-- What happened. `line` is the canonical text of the entry and `hash` its hash;
-- the other columns repeat parts of the text so that entries can be found.
CREATE TABLE entries (
    seq BIGINT NOT NULL PRIMARY KEY,
    -- Microseconds since 1970.
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    act TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    line TEXT NOT NULL,
    hash TEXT NOT NULL
);
CREATE INDEX entries_kind ON entries (kind, seq);
CREATE INDEX entries_subject ON entries (kind, subject, seq);
CREATE INDEX entries_actor ON entries (actor, seq);
CREATE INDEX entries_at ON entries (at, seq);

-- The complete subtrees of the Merkle tree, leaves not counted: subtree `place`
-- of `level` is over the entries from place * 2^level on.
CREATE TABLE nodes (
    level BIGINT NOT NULL,
    place BIGINT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (level, place)
);

-- Where the ledger ends. One row, locked while entries are written. `peaks` are
-- the roots of the complete subtrees, the largest first.
CREATE TABLE head (
    one BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
    next BIGINT NOT NULL,
    hash TEXT NOT NULL,
    at BIGINT,
    peaks TEXT NOT NULL
);

-- Signed notes by the number of entries they cover.
CREATE TABLE checkpoints (
    size BIGINT NOT NULL PRIMARY KEY,
    note TEXT NOT NULL
);

-- Which tables of records there are, and as of which version of the schema they
-- were folded from the entries.
CREATE TABLE record_tables (
    kind TEXT NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL
);

-- Argon2 strings. Not in the ledger, which is exported; `seq` is the entry that
-- was written together with it.
CREATE TABLE credentials (
    account TEXT NOT NULL PRIMARY KEY,
    phc TEXT NOT NULL,
    seq BIGINT NOT NULL
);

-- Who is signed in. Ephemeral: neither in the ledger nor in a backup.
CREATE TABLE sessions (
    token TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    created BIGINT NOT NULL,
    expires BIGINT NOT NULL
);
CREATE INDEX sessions_account ON sessions (account);
CREATE INDEX sessions_expires ON sessions (expires);
