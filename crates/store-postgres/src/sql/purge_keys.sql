DELETE FROM idempotency_key
WHERE (team_no, key_id, key) IN (
    SELECT team_no, key_id, key FROM idempotency_key
    WHERE created_at <= coalesce($1, (extract(epoch FROM clock_timestamp()) * 1000)::bigint) - $2
    ORDER BY created_at
    LIMIT $3
    FOR UPDATE SKIP LOCKED
)
