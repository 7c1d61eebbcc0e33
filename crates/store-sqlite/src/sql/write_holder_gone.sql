DELETE FROM key_holder WHERE hash = ?1
