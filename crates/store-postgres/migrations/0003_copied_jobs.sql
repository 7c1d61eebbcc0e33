-- For jobs that were copied from an embedded store, and for the copying itself.

-- Where the record ids of a copied job come from; otherwise that is its creation.
ALTER TABLE job
    ADD COLUMN record_ids_ms    bigint,
    ADD COLUMN record_ids_index integer,
    ADD CHECK ((record_ids_ms IS NULL) = (record_ids_index IS NULL));

-- How far a copy into this database is: a row for each kind of thing, none when no copy is under way.
CREATE TABLE copy_progress (
    kind       text PRIMARY KEY,
    -- The place in the source from which to go on; both are NULL once the kind is complete.
    next_major bigint,
    next_minor bigint,
    -- Rows that are here.
    rows       bigint NOT NULL DEFAULT 0,
    CHECK ((next_major IS NULL) = (next_minor IS NULL))
);
