SELECT job_no, first_record_no, total FROM job WHERE team_no = ?1 AND id = ?2
