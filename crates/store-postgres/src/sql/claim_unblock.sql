-- Ends the connections of nodes that hold the row of an overdue job and stand still: the job's visible row names the
-- transaction that is changing it, and the server has long waited for that node to say something. A node that waits for a
-- lock itself is not one of them: the lease it has renewed is not to be seen yet.
SELECT pg_terminate_backend(holder.pid)
FROM job
JOIN pg_locks AS held ON held.locktype = 'transactionid' AND held.transactionid = job.xmax AND held.granted
    AND held.mode = 'ExclusiveLock'
JOIN pg_stat_activity AS holder ON holder.pid = held.pid
WHERE job.ended_at IS NULL AND job.state = 'running'
    AND job.lease_until <= coalesce($1, (extract(epoch FROM clock_timestamp()) * 1000)::bigint)
    -- Nodes only: somebody who looks into the database as another user may not be cut off, and would fail the claim.
    AND holder.usename = current_user AND held.pid <> pg_backend_pid()
    AND holder.wait_event_type = 'Client' AND holder.state_change < clock_timestamp() - interval '5 seconds'
