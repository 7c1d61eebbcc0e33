UPDATE idempotency_key SET status = NULL, headers = NULL, body = NULL
WHERE (team_no, key_id, key) IN (
    SELECT team_no, key_id, key FROM idempotency_key
    WHERE status IS NOT NULL AND created_at <= coalesce($1, (extract(epoch FROM clock_timestamp()) * 1000)::bigint) - $2
    ORDER BY created_at
    LIMIT $3
    FOR UPDATE SKIP LOCKED
)
