SELECT team.id, job_id, record_id, last_row, written_at, version_before, version_after, mixed, restored_version, body,
    entry_values, entry_before, entry_after, job_image.deleted
FROM job_image JOIN team USING (team_no)
