-- Only the key that was found too old: another request may have claimed it anew since.
DELETE FROM idempotency_key WHERE team_no = $1 AND key_id = $2 AND key = $3 AND created_at = $4
