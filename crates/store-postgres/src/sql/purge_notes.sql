DELETE FROM job_note
USING unnest($1::bigint[], $2::uuid[]) AS gone (team_no, id)
WHERE job_note.team_no = gone.team_no AND job_note.job_id = gone.id
