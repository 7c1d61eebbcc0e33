-- Waits for all writers of the team, and makes later ones wait. The row's own lock would not: whoever shares a row may go on
-- sharing it past one that waits to own it. So everybody comes through a gate first, whose queue is fair.
WITH gate AS MATERIALIZED (SELECT pg_advisory_xact_lock(hashtextextended('team_schema', $1)))
SELECT version FROM team_schema CROSS JOIN gate WHERE team_no = $1 FOR NO KEY UPDATE OF team_schema
