SELECT new_options_made FROM job WHERE team_no = $1 AND id = $2
