-- Ends the connections of those who have held the row of an overdue job for long: the job's visible row names the
-- transaction that is changing it. Neither the time a statement may take nor the time a transaction may be idle ends a
-- node that stands still while its records are being copied.
SELECT pg_terminate_backend(holder.pid)
FROM job
JOIN pg_locks AS held ON held.locktype = 'transactionid' AND held.transactionid = job.xmax AND held.granted
    AND held.mode = 'ExclusiveLock'
JOIN pg_stat_activity AS holder ON holder.pid = held.pid
WHERE job.ended_at IS NULL AND job.state = 'running'
    AND job.lease_until <= coalesce($1, (extract(epoch FROM clock_timestamp()) * 1000)::bigint)
    -- Nodes only: somebody who looks into the database as another user may not be cut off, and would fail the claim.
    AND holder.usename = current_user AND held.pid <> pg_backend_pid()
    AND holder.xact_start < clock_timestamp() - interval '5 seconds'
