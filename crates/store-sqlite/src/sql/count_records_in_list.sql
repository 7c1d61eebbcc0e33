SELECT members FROM list JOIN team USING (team_no) WHERE team.id = ?1 AND object_type = ?2 AND list.id = ?3
