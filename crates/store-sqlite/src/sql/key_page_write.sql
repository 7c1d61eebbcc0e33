INSERT INTO key_page (page_no, entries) VALUES (?1, ?2)
ON CONFLICT (page_no) DO UPDATE SET entries = excluded.entries
