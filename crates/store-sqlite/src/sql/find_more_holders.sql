SELECT record_no FROM key_holder_more WHERE hash = ?1 ORDER BY record_no
