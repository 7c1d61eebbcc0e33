SELECT fingerprint, created_at, status, headers, body,
    coalesce($4, (extract(epoch FROM clock_timestamp()) * 1000)::bigint) AS now
FROM idempotency_key
WHERE team_no = $1 AND key_id = $2 AND key = $3
