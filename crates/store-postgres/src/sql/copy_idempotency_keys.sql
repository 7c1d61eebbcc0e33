SELECT team.id, key_id, key, fingerprint, idempotency_key.created_at, status, headers, body
FROM idempotency_key JOIN team USING (team_no)
