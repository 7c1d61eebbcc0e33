SELECT record_id, held FROM draft_key WHERE job_no = ?1 AND key = ?2
