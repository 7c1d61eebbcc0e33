SELECT object_type, slug FROM keyed_property WHERE team_no = $1 ORDER BY keyed_no
