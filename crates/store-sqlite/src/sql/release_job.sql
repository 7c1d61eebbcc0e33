UPDATE job SET state = 'queued', worker = NULL, lease_until = NULL, updated_at = ?3
WHERE id = ?1 AND attempt = ?2 AND state = 'running'
RETURNING staged
