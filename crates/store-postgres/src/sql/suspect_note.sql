INSERT INTO job_note (team_no, job_id, attempt, row_noted)
SELECT team_no, $2, $3, $4 FROM team WHERE id = $1
ON CONFLICT (team_no, job_id) DO UPDATE SET attempt = excluded.attempt, row_noted = excluded.row_noted
WHERE job_note.attempt <= excluded.attempt
