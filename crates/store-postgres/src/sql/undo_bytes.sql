-- How large records are, and what this job kept of them: told without reading them.
SELECT place.id, (
    place.bytes
    + coalesce(
        (
            SELECT octet_length(job_image.body) FROM job_image
            WHERE job_image.team_no = $1 AND record_id = place.id AND job_id = $3
        ),
        0
    )
)::bigint AS bytes
FROM (SELECT DISTINCT unnest($2::uuid[]) AS id) AS named
CROSS JOIN LATERAL (
    SELECT id, octet_length(body) AS bytes FROM record WHERE team_no = $1 AND record.id = named.id OFFSET 0
) AS place
