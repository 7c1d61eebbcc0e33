INSERT INTO record (record_no, id, body, team_no, object_type, created_at, updated_at, version)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, 1)
