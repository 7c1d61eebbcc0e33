-- Of other jobs only what tells which version one stands for.
SELECT image.job_id, image.record_id, image.version_before, image.version_after, image.mixed, image.restored_version,
    CASE image.job_id WHEN $3 THEN image.body END AS body, image.entry_values, image.entry_before, image.entry_after,
    image.deleted
FROM (SELECT DISTINCT unnest($2::uuid[]) AS id) AS named
CROSS JOIN LATERAL (
    SELECT * FROM job_image WHERE team_no = $1 AND record_id = named.id OFFSET 0
) AS image
