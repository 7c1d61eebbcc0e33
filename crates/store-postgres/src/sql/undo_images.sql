SELECT job_id, record_id, version_before, version_after, mixed, restored_version, body, entry_values, entry_before,
    entry_after, deleted
FROM job_image
WHERE team_no = $1 AND record_id = ANY ($2)
