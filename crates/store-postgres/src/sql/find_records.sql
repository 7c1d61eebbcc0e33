-- One statement: who holds the keys and what they are, as of one moment.
SELECT id, object_type, version, created_at, updated_at, deleted_at IS NOT NULL AS deleted, body
FROM record
WHERE team_no = $1 AND object_type = $3 AND deleted_at IS NULL
    AND id IN (
        SELECT record_id FROM key_holder WHERE team_no = $1 AND hash = ANY ($2)
        UNION ALL
        SELECT record_id FROM key_holder_more WHERE team_no = $1 AND hash = ANY ($2)
    )
ORDER BY id
LIMIT $4
