UPDATE key_holder SET record_no = ?2 WHERE hash = ?1
