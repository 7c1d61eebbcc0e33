UPDATE job SET state = 'complete', ended_at = $3, worker = NULL, lease_until = NULL, staged = NULL
WHERE team_no = $1 AND id = $2
