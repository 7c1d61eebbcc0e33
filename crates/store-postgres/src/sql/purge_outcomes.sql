DELETE FROM job_outcome
USING unnest($1::bigint[], $2::uuid[]) AS gone (team_no, id)
WHERE job_outcome.team_no = gone.team_no AND job_outcome.job_id = gone.id
