-- Held until the transaction ends; writers share it. For the gate see team_own_schema.sql.
WITH gate AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared(hashtextextended('team_schema', $1)))
SELECT version FROM team_schema CROSS JOIN gate WHERE team_no = $1 FOR SHARE OF team_schema
