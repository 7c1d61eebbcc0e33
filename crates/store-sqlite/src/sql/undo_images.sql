SELECT job_no, version_before, version_after, mixed, restored_version, body, entry_values, entry_before, entry_after,
    deleted
FROM job_image
WHERE record_no = ?1
