-- What a job does, and which job it does it to.
ALTER TABLE job ADD COLUMN kind TEXT NOT NULL DEFAULT 'import' CHECK (kind IN ('import', 'retry', 'undo'));
ALTER TABLE job ADD COLUMN of_job BLOB CHECK (length(of_job) = 16) CHECK ((kind = 'import') = (of_job IS NULL));
-- Names the file of staged rows of a job that has ended without some of them; it goes when the job does.
ALTER TABLE job ADD COLUMN kept BLOB CHECK (length(kept) = 16) CHECK (kept IS NULL OR ended_at IS NOT NULL);
-- Options that have no column of their own, in the form the domain gives them; NULL: none was chosen.
ALTER TABLE job ADD COLUMN more TEXT;

CREATE INDEX job_of_team ON job (team_no, created_at, id);
