SELECT * FROM job WHERE team_no = $1 AND id = $2 AND ended_at IS NULL FOR UPDATE
