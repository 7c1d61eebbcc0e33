-- The values that a record has again may have been given back to it before, under a version that stands for another.
--
-- From the records to the images, which OFFSET sees to: while nothing is known of the table the planner takes all images of the
-- job for a handful, and would compare each with each record.
UPDATE job_image SET
    restored_version = again.version, body = NULL, entry_values = NULL,
    version_before = coalesce(
        (
            SELECT other.version_before FROM job_image AS other
            WHERE other.team_no = $1 AND other.record_id = job_image.record_id
                AND other.restored_version = job_image.version_before
            LIMIT 1
        ),
        version_before
    )
FROM (
    SELECT version, image.ctid
    FROM unnest($3::uuid[], $4::bigint[]) AS named (id, version),
        LATERAL (SELECT ctid FROM job_image WHERE team_no = $1 AND job_id = $2 AND record_id = id OFFSET 0) AS image
) AS again
WHERE job_image.ctid = again.ctid
