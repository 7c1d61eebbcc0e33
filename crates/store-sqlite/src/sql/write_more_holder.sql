INSERT INTO key_holder_more (hash, record_no) VALUES (?1, ?2) ON CONFLICT DO NOTHING
