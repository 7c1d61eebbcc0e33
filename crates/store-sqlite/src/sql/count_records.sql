SELECT live FROM record_count JOIN team USING (team_no) WHERE team.id = ?1 AND object_type = ?2
