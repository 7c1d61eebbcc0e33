DELETE FROM saved_view WHERE team_no = $1 AND id = $2
