DELETE FROM job_image WHERE image_no IN (SELECT image_no FROM job_image WHERE job_no = ?1 LIMIT ?2)
