INSERT INTO key_level (level, keys, next_page_no) VALUES (?1, ?2, ?3)
ON CONFLICT (level) DO UPDATE SET keys = excluded.keys, next_page_no = excluded.next_page_no
