-- Notes on rows before the new cursor are of no use any more.
WITH forgotten AS (
    DELETE FROM job_note WHERE team_no = $1 AND job_id = $2
)
UPDATE job SET cursor = $3, created = $4, existing = $5, updated = $6, rejected = $7, new_options_made = $8, skipped = $9
WHERE team_no = $1 AND id = $2
