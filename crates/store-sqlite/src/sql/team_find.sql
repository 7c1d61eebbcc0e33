SELECT team_no, schema_version FROM team WHERE id = ?1
