DELETE FROM idempotency_key WHERE team_no = $1 AND key_id = $2 AND key = $3
