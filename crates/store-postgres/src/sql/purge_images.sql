DELETE FROM job_image
WHERE (team_no, job_id, record_id) IN (
    SELECT job_image.team_no, job_image.job_id, record_id
    FROM unnest($1::bigint[], $2::uuid[]) AS gone (team_no, id)
    JOIN job_image ON job_image.team_no = gone.team_no AND job_image.job_id = gone.id
    LIMIT $3
)
