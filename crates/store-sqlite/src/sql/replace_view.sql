UPDATE saved_view SET version = version + 1, updated_at = ?4, settings = ?5, pins = ?6
WHERE team_no = ?1 AND id = ?2 AND version = ?3 - 1
