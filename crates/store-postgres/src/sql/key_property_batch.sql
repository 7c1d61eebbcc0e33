-- Records of all types: the key of the table is the only way to go on from where the last batch ended. Shared locks:
-- nobody changes a body between its being read here and its keys being taken.
SELECT id, object_type, deleted_at IS NULL AS is_live, body
FROM record
WHERE team_no = $1 AND id BETWEEN $2 AND $3
ORDER BY id
LIMIT $4
FOR SHARE
