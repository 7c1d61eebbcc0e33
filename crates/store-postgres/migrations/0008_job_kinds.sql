-- What a job does, and which job it does it to.
ALTER TABLE job ADD COLUMN kind text NOT NULL DEFAULT 'import' CHECK (kind IN ('import', 'retry', 'undo'));
ALTER TABLE job ADD COLUMN of_job uuid;
-- Names the staged rows of a job that has ended without some of them; they go when the job does.
ALTER TABLE job ADD COLUMN kept uuid;
-- Options that have no column of their own, in the form the domain gives them; NULL: none was chosen.
ALTER TABLE job ADD COLUMN more text;
ALTER TABLE job ADD CONSTRAINT job_of_another CHECK ((kind = 'import') = (of_job IS NULL));
ALTER TABLE job ADD CONSTRAINT job_kept_once_ended CHECK (kept IS NULL OR ended_at IS NOT NULL);

CREATE INDEX job_of_team ON job (team_no, created_at, id);
