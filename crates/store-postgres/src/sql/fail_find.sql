SELECT * FROM job WHERE team_no = $1 AND id = $2 AND attempt = $3 AND state = 'running' FOR UPDATE
