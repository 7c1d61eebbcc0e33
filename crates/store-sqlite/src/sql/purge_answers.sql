UPDATE idempotency_key SET status = NULL, headers = NULL, body = NULL
WHERE rowid IN (
    SELECT rowid FROM idempotency_key WHERE status IS NOT NULL AND created_at <= ?1 ORDER BY created_at LIMIT ?2
)
