SELECT EXISTS (SELECT 1 FROM record_alias WHERE team_no = ?1)
