-- Jobs that only say what rows would come to, and jobs that do what was said. A constraint cannot be changed in place.
DROP INDEX job_numbers;
ALTER TABLE job ADD COLUMN kind_and_more TEXT NOT NULL DEFAULT 'import'
    CHECK (kind_and_more IN ('import', 'retry', 'undo', 'dry_run', 'apply'));
ALTER TABLE job ADD COLUMN of_other_job BLOB CHECK (length(of_other_job) = 16)
    CHECK ((kind_and_more IN ('import', 'dry_run')) = (of_other_job IS NULL));
UPDATE job SET kind_and_more = kind, of_other_job = of_job;
ALTER TABLE job DROP COLUMN of_job;
ALTER TABLE job DROP COLUMN kind;
ALTER TABLE job RENAME COLUMN kind_and_more TO kind;
ALTER TABLE job RENAME COLUMN of_other_job TO of_job;
-- For where a record that was made comes from. An undo has the numbers of the job that it undoes, a dry run makes none.
CREATE INDEX job_numbers ON job (first_record_no) WHERE kind NOT IN ('undo', 'dry_run') AND total > 0;

-- Of the existing ones those that were passed over and met no record.
ALTER TABLE job ADD COLUMN skipped INTEGER NOT NULL DEFAULT 0 CHECK (skipped BETWEEN 0 AND existing);
-- Of a dry run what else it says of each row, in the form the domain gives it.
ALTER TABLE job_outcome ADD COLUMN forecast BLOB;
-- Whether the job brought the record back: then it was deleted before.
ALTER TABLE job_image ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0 CHECK (deleted IN (0, 1));

-- For imports that heed deleted records, which hold no keys to be found by.
CREATE INDEX record_deleted ON record (team_no, object_type) WHERE deleted_at IS NOT NULL;

-- What a dry run would have written so far; it goes once the job has ended.
CREATE TABLE draft_key (
    job_no    INTEGER NOT NULL REFERENCES job (job_no),
    key       BLOB NOT NULL CHECK (length(key) = 16),
    record_id BLOB NOT NULL CHECK (length(record_id) = 16),
    held      INTEGER NOT NULL CHECK (held IN (0, 1)),
    PRIMARY KEY (job_no, key, record_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE draft_record (
    job_no      INTEGER NOT NULL REFERENCES job (job_no),
    record_id   BLOB NOT NULL CHECK (length(record_id) = 16),
    body        TEXT NOT NULL,
    list_values TEXT,
    PRIMARY KEY (job_no, record_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE draft_option (
    job_no     INTEGER NOT NULL REFERENCES job (job_no),
    place      INTEGER NOT NULL,
    list_id    BLOB CHECK (length(list_id) = 16),
    property   TEXT NOT NULL,
    id         BLOB NOT NULL CHECK (length(id) = 16),
    slug       TEXT NOT NULL,
    value      TEXT NOT NULL,
    sort_index INTEGER NOT NULL,
    PRIMARY KEY (job_no, place)
) STRICT, WITHOUT ROWID;
