SELECT members FROM list WHERE list_no = ?1
