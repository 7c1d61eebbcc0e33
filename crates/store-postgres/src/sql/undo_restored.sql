-- The values that a record has again may have been given back to it before, under a version that stands for another.
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
FROM unnest($3::uuid[], $4::bigint[]) AS again (id, version)
WHERE team_no = $1 AND job_id = $2 AND record_id = again.id
