-- How large records are, and what this job kept of them: told without reading them.
SELECT record.id, (
    octet_length(record.body)
    + coalesce(
        (
            SELECT octet_length(job_image.body) FROM job_image
            WHERE job_image.team_no = $1 AND record_id = record.id AND job_id = $3
        ),
        0
    )
)::bigint AS bytes
FROM record
WHERE team_no = $1 AND id = ANY ($2)
