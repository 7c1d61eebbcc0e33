SELECT count(*) FROM job WHERE team_no = (SELECT team_no FROM team WHERE id = $1) AND ended_at IS NULL
