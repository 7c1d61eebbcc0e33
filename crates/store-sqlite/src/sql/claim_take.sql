UPDATE job SET
    state = 'running', attempt = ?2, worker = ?3, lease_until = ?4, updated_at = ?5, deaths = ?6,
    suspect_row = ?7, suspect_deaths = ?8
WHERE job_no = ?1
