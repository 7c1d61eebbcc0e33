-- No row: another worker owns the job, or it has ended.
UPDATE job SET lease_until = ?3 WHERE id = ?1 AND attempt = ?2 AND state = 'running'
