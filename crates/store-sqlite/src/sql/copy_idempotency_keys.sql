SELECT idempotency_key.rowid, 0, team.id, key_id, key, fingerprint, idempotency_key.created_at, status, headers, body
FROM idempotency_key JOIN team USING (team_no)
WHERE idempotency_key.rowid >= ?1 AND (idempotency_key.rowid, 0) > (?1, ?2)
ORDER BY idempotency_key.rowid
LIMIT ?3
