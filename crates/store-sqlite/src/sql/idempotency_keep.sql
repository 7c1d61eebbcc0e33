INSERT INTO idempotency_key (team_no, key_id, key, fingerprint, created_at, status, headers, body)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
