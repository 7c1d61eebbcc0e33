DELETE FROM key_page WHERE page_no = ?1
