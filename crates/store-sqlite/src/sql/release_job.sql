UPDATE job SET state = 'queued', worker = NULL, lease_until = NULL, deaths = 0, suspect_row = NULL, suspect_deaths = 0,
    updated_at = ?3
WHERE id = ?1 AND attempt = ?2 AND state = 'running'
RETURNING staged
