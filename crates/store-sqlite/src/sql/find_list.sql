SELECT list_no FROM list WHERE team_no = ?1 AND id = ?2
