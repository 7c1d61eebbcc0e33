-- What it takes to undo an import: records as they were before a job changed them, and who made which option.
CREATE TABLE job_image (
    team_no          bigint NOT NULL,
    job_id           uuid NOT NULL,
    record_id        uuid NOT NULL,
    -- The last row of the job that wrote the record, and when.
    last_row         integer NOT NULL,
    written_at       bigint NOT NULL,
    -- The record's version before the job's first change and after its last; before, 0 for one that the job made under an
    -- id of the row's own, which is kept here because such an id does not tell its job.
    version_before   bigint NOT NULL,
    version_after    bigint NOT NULL,
    -- Whether somebody else wrote the record between two changes of the job.
    mixed            boolean NOT NULL DEFAULT false,
    -- The version under which an undo gave the record its values back; what it stands for is then version_before.
    restored_version bigint,
    -- The record's values before the job changed them; NULL where it left them alone, and once they are back.
    body             text,
    -- Its values in the job's list before, and the version of its place there before and after; 0: no place.
    entry_values     text,
    entry_before     bigint NOT NULL CHECK (entry_before >= 0),
    entry_after      bigint NOT NULL CHECK (entry_after >= 0),
    PRIMARY KEY (team_no, job_id, record_id),
    FOREIGN KEY (team_no, job_id) REFERENCES job (team_no, id)
);

CREATE INDEX job_image_of_record ON job_image (team_no, record_id);

-- 1 for a member that has just joined, one more with every change of its values in the list.
ALTER TABLE list_entry ADD COLUMN version bigint NOT NULL DEFAULT 1;
-- The job that made the option, unless it was changed since.
ALTER TABLE property_option ADD COLUMN made_by uuid;

-- For where a record that was made comes from. An undo has the ids of the job that it undoes.
CREATE INDEX job_record_ids ON job (team_no, coalesce(record_ids_ms, created_at)) WHERE kind <> 'undo';
