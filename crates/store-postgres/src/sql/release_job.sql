UPDATE job SET
    state = 'queued', worker = NULL, lease_until = NULL, deaths = 0, suspect_row = NULL, suspect_deaths = 0,
    updated_at = $4
WHERE team_no = $1 AND id = $2 AND attempt = $3 AND state = 'running'
