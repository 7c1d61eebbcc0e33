UPDATE team SET schema_version = schema_version + 1 WHERE team_no = ?1
