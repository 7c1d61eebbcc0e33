SELECT image.record_id
FROM (SELECT DISTINCT unnest($3::uuid[]) AS id) AS named
CROSS JOIN LATERAL (
    SELECT record_id FROM job_image WHERE team_no = $1 AND job_id = $2 AND record_id = named.id OFFSET 0
) AS image
