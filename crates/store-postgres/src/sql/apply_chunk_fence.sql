-- No row: another worker owns the job, or it has ended. The lease is counted by the database's clock.
UPDATE job SET
    lease_until = coalesce($5, (extract(epoch FROM clock_timestamp()) * 1000)::bigint) + $6,
    updated_at = $7, deaths = 0, suspect_row = NULL, suspect_deaths = 0
WHERE team_no = $1 AND id = $2 AND attempt = $3 AND cursor = $4 AND state = 'running'
RETURNING created, existing, updated, rejected, skipped, new_options_made, staged
