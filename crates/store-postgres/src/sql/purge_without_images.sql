-- Of these jobs those of which nothing else is left.
SELECT gone.team_no, gone.id
FROM unnest($1::bigint[], $2::uuid[]) AS gone (team_no, id)
WHERE NOT EXISTS (SELECT 1 FROM job_image WHERE job_image.team_no = gone.team_no AND job_image.job_id = gone.id)
