DELETE FROM job_image WHERE record_no = ?1
