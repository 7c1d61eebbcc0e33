-- CROSS JOIN: in the order of the records, which is that of the table.
SELECT record_no, 0, team.id, record.id, version, record.created_at, updated_at, deleted_at, object_type, body, grants
FROM record CROSS JOIN team ON team.team_no = record.team_no
WHERE record_no >= ?1 AND (record_no, 0) > (?1, ?2)
ORDER BY record_no
LIMIT ?3
