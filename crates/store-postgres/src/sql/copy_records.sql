SELECT team.id, record.id, version, record.created_at, updated_at, deleted_at, object_type, body, grants
FROM record JOIN team USING (team_no)
