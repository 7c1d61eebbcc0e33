SELECT count(*) FROM saved_view WHERE team_no = ?1
