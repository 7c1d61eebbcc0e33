DELETE FROM job
USING unnest($1::bigint[], $2::uuid[]) AS gone (team_no, id)
WHERE job.team_no = gone.team_no AND job.id = gone.id
