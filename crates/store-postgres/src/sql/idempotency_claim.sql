-- Waits while another transaction holds the same key. The answer comes with the effect (idempotency_keep).
INSERT INTO idempotency_key (team_no, key_id, key, fingerprint, created_at)
VALUES ($1, $2, $3, $4, coalesce($5, (extract(epoch FROM clock_timestamp()) * 1000)::bigint))
ON CONFLICT DO NOTHING
