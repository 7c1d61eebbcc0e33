SELECT body, list_values FROM draft_record WHERE job_no = ?1 AND record_id = ?2
