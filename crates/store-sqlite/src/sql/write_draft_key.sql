INSERT INTO draft_key (job_no, key, record_id, held) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT DO UPDATE SET held = excluded.held
