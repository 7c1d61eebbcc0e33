UPDATE job SET cursor = ?2, created = ?3, existing = ?4, updated = ?5, rejected = ?6, new_options_made = ?7, skipped = ?8
WHERE job_no = ?1
