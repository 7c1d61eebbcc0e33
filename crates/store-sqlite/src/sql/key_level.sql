SELECT keys, next_page_no FROM key_level WHERE level = ?1
