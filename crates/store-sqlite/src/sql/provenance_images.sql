SELECT job.id, last_row, written_at, version_before, version_after, restored_version
FROM job_image JOIN job USING (job_no)
WHERE record_no = ?1
