-- Those of records that an undo has removed are of no use any more.
SELECT image_no, 0, team.id, job.id, record.id, last_row, written_at, version_before, version_after, mixed,
    restored_version, job_image.body, entry_values, entry_before, entry_after, job_image.deleted
FROM job_image
CROSS JOIN job ON job.job_no = job_image.job_no
CROSS JOIN team ON team.team_no = job.team_no
CROSS JOIN record ON record.record_no = job_image.record_no
WHERE (image_no, 0) > (?1, ?2)
ORDER BY image_no
LIMIT ?3
