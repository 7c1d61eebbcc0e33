SELECT team_no, id, object_type, version, created_at, updated_at, deleted_at, body, grants FROM record WHERE record_no = ?1
