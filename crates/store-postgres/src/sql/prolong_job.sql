-- No row: another worker owns the job, or it has ended. The lease is counted by the database's clock.
UPDATE job SET lease_until = coalesce($4, (extract(epoch FROM clock_timestamp()) * 1000)::bigint) + $5
WHERE team_no = $1 AND id = $2 AND attempt = $3 AND state = 'running'
