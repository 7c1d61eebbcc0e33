-- Of other jobs only what tells which version one stands for.
SELECT job_id, record_id, version_before, version_after, mixed, restored_version,
    CASE job_id WHEN $3 THEN body END AS body, entry_values, entry_before, entry_after, deleted
FROM job_image
WHERE team_no = $1 AND record_id = ANY ($2)
