-- Their values are all that tells which keys they had.
SELECT record_no, body FROM record WHERE team_no = ?1 AND object_type = ?2 AND deleted_at IS NOT NULL
