SELECT job_id, last_row, written_at, version_before, version_after, restored_version
FROM job_image
WHERE team_no = $1 AND record_id = $2
