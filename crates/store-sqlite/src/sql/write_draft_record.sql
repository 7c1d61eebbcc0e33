INSERT INTO draft_record (job_no, record_id, body, list_values) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT DO UPDATE SET body = excluded.body, list_values = excluded.list_values
