-- Sorted first, then locked in that order, and read as they are once they are locked.
SELECT id, object_type, version, created_at, updated_at, deleted_at IS NOT NULL AS deleted, body, grants
FROM record
WHERE team_no = $1 AND id = ANY ($2)
ORDER BY id
FOR UPDATE
