-- Ends the connections of nodes that have written and now stand still inside a statement: the server has long waited for
-- them to send or to read. That happens in the middle of COPY, where neither the time a statement may take nor the time a
-- transaction may be idle is looked at.
SELECT pg_terminate_backend(holder.pid)
FROM pg_stat_activity AS holder
WHERE holder.state = 'active' AND holder.wait_event_type = 'Client' AND holder.backend_xid IS NOT NULL
    AND holder.state_change < clock_timestamp() - make_interval(secs => $1::double precision / 1000)
    -- Nodes only, whatever their own names are: who loads or saves the database by other means may take its time. A pooler
    -- may give all that comes through it a name of its own.
    AND holder.datname = current_database() AND holder.usename = current_user
    AND (holder.application_name LIKE 'refract%' OR holder.application_name = current_setting('application_name'))
