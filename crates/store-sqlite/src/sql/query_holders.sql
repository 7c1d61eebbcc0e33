SELECT record_no FROM key_holder_more WHERE hash = ?1 AND record_no >= ?2 ORDER BY record_no LIMIT ?3
