INSERT INTO saved_view (team_no, id, object_type, version, created_at, updated_at, settings, pins)
VALUES (?1, ?2, ?3, 1, ?4, ?4, ?5, ?6)
ON CONFLICT (team_no, id) DO NOTHING
