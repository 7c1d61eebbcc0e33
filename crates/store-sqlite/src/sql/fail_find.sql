SELECT job_no, staged FROM job WHERE id = ?1 AND attempt = ?2 AND state = 'running'
