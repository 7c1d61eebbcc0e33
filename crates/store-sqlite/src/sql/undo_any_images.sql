SELECT EXISTS (SELECT 1 FROM job_image WHERE job_no = ?1)
