-- Jobs that only say what rows would come to, and jobs that do what was said.
ALTER TABLE job DROP CONSTRAINT job_of_another;
ALTER TABLE job DROP CONSTRAINT job_kind_check;
ALTER TABLE job ADD CONSTRAINT job_kind_check CHECK (kind IN ('import', 'retry', 'undo', 'dry_run', 'apply'));
ALTER TABLE job ADD CONSTRAINT job_of_another CHECK ((kind IN ('import', 'dry_run')) = (of_job IS NULL));
-- For where a record that was made comes from. An undo has the ids of the job that it undoes, a dry run makes none.
DROP INDEX job_record_ids;
CREATE INDEX job_record_ids ON job (team_no, coalesce(record_ids_ms, created_at)) WHERE kind NOT IN ('undo', 'dry_run');

-- Of the existing ones those that were passed over and met no record.
ALTER TABLE job ADD COLUMN skipped bigint NOT NULL DEFAULT 0;
ALTER TABLE job ADD CONSTRAINT job_skipped_of_existing CHECK (skipped BETWEEN 0 AND existing);
-- Of a dry run what else it says of each row, in the form the domain gives it.
ALTER TABLE job_outcome ADD COLUMN forecast bytea;
-- Whether the job brought the record back: then it was deleted before.
ALTER TABLE job_image ADD COLUMN deleted boolean NOT NULL DEFAULT false;

-- For imports that heed deleted records, which hold no keys to be found by. By id last: they are read in batches.
CREATE INDEX record_deleted ON record (team_no, object_type, id) WHERE deleted_at IS NOT NULL;

-- What a dry run would have written so far; it goes once the job has ended. No foreign keys: a row of the job would be
-- looked up for each of a million.
CREATE TABLE draft_key (
    team_no   bigint NOT NULL,
    job_id    uuid NOT NULL,
    key       uuid NOT NULL,
    record_id uuid NOT NULL,
    held      boolean NOT NULL,
    PRIMARY KEY (team_no, job_id, key, record_id)
);

CREATE TABLE draft_record (
    team_no     bigint NOT NULL,
    job_id      uuid NOT NULL,
    record_id   uuid NOT NULL,
    body        text NOT NULL,
    list_values text,
    PRIMARY KEY (team_no, job_id, record_id)
);

CREATE TABLE draft_option (
    team_no    bigint NOT NULL,
    job_id     uuid NOT NULL,
    place      integer NOT NULL,
    list_id    uuid,
    property   text NOT NULL,
    id         uuid NOT NULL,
    slug       text NOT NULL,
    value      text NOT NULL,
    sort_index bigint NOT NULL,
    PRIMARY KEY (team_no, job_id, place),
    FOREIGN KEY (team_no, job_id) REFERENCES job (team_no, id)
);
