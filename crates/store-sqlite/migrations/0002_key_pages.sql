-- Keys lie in levels of pages instead of one table row each: see src/keys/mod.rs.

CREATE TABLE key_page (
    page_no INTEGER PRIMARY KEY,
    entries BLOB NOT NULL CHECK (length(entries) > 0 AND length(entries) % 24 = 0)
) STRICT;

CREATE TABLE key_level (
    level        INTEGER PRIMARY KEY CHECK (level BETWEEN 1 AND 15),
    keys         INTEGER NOT NULL CHECK (keys >= 0),
    next_page_no INTEGER NOT NULL
) STRICT;

-- The keys that key_holder holds are moved by the program, which then drops the table.
