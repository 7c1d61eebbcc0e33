-- A batch of them after $3. Their values are all that tells which keys they had.
SELECT id, body FROM record
WHERE team_no = $1 AND object_type = $2 AND deleted_at IS NOT NULL AND id > $3
ORDER BY id
LIMIT $4
