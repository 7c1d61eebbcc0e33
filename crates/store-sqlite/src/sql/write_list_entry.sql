INSERT INTO list_entry (list_no, record_no, "values") VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING
