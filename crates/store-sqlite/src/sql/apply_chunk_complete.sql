UPDATE job SET state = 'complete', ended_at = ?2, worker = NULL, lease_until = NULL, staged = NULL
WHERE job_no = ?1
