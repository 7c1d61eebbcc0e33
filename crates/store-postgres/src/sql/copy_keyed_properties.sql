SELECT team.id, object_type, slug FROM keyed_property JOIN team USING (team_no) WHERE state = 'ready'
