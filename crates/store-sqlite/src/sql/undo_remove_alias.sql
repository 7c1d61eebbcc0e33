DELETE FROM record_alias WHERE team_no = ?1 AND id = ?2
