-- What it takes to undo an import: records as they were before a job changed them, and who made which option.
CREATE TABLE job_image (
    image_no         INTEGER PRIMARY KEY,
    job_no           INTEGER NOT NULL REFERENCES job (job_no),
    record_no        INTEGER NOT NULL,
    -- The last row of the job that wrote the record, and when.
    last_row         INTEGER NOT NULL,
    written_at       INTEGER NOT NULL,
    -- The record's version before the job's first change and after its last.
    version_before   INTEGER NOT NULL,
    version_after    INTEGER NOT NULL,
    -- Whether somebody else wrote the record between two changes of the job.
    mixed            INTEGER NOT NULL DEFAULT 0 CHECK (mixed IN (0, 1)),
    -- The version under which an undo gave the record its values back; what it stands for is then version_before.
    restored_version INTEGER,
    -- The record's values before the job changed them; NULL where it left them alone, and once they are back.
    body             TEXT,
    -- Its values in the job's list before, and the version of its place there before and after; 0: no place.
    entry_values     TEXT,
    entry_before     INTEGER NOT NULL CHECK (entry_before >= 0),
    entry_after      INTEGER NOT NULL CHECK (entry_after >= 0)
) STRICT;

-- By record first: for where a record comes from. A job and a record together are as well found.
CREATE UNIQUE INDEX job_image_of_record ON job_image (record_no, job_no);
CREATE INDEX job_image_of_job ON job_image (job_no);

-- For where a record that was made comes from. An undo has the numbers of the job that it undoes.
CREATE INDEX job_numbers ON job (first_record_no) WHERE kind <> 'undo' AND total > 0;

-- 1 for a member that has just joined, one more with every change of its values in the list.
ALTER TABLE list_entry ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
-- The job that made the option, unless it was changed since.
ALTER TABLE property_option ADD COLUMN made_by BLOB CHECK (length(made_by) = 16);
