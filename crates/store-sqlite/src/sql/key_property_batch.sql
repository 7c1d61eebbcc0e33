-- Records of all teams: there is no index by team and type, and this is read once in the life of a keyed property.
SELECT record_no, team_no, object_type, deleted_at IS NULL, body
FROM record
WHERE record_no BETWEEN ?1 AND ?2
ORDER BY record_no
LIMIT ?3
