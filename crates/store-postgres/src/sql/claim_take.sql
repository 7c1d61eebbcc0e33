UPDATE job SET
    state = 'running', attempt = $3, worker = $4,
    lease_until = coalesce($5, (extract(epoch FROM clock_timestamp()) * 1000)::bigint) + $6,
    updated_at = $7, deaths = $8, suspect_row = $9, suspect_deaths = $10
WHERE team_no = $1 AND id = $2
