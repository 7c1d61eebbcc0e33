DELETE FROM job WHERE job_no = ?1
