SELECT record_no FROM key_holder WHERE hash = ?1
