DELETE FROM idempotency_key
WHERE rowid IN (SELECT rowid FROM idempotency_key WHERE created_at <= ?1 ORDER BY created_at LIMIT ?2)
