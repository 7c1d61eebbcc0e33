DELETE FROM job_outcome WHERE job_no = ?1
