SELECT "values" FROM list_entry WHERE list_no = (SELECT list_no FROM list WHERE team_no = ?1 AND id = ?2)
