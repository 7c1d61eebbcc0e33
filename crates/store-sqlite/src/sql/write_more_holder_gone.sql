DELETE FROM key_holder_more WHERE hash = ?1 AND record_no = ?2
