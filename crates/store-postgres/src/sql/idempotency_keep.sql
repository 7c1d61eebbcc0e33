-- The row is this transaction's since idempotency_claim.
UPDATE idempotency_key SET status = $4, headers = $5, body = $6 WHERE team_no = $1 AND key_id = $2 AND key = $3
