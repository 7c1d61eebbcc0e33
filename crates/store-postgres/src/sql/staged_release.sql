-- Rows that nobody claims any more: dropped after the commit, or by a purge when that did not happen.
INSERT INTO upload (team_no, id, touched_at)
VALUES ($1, $2, (extract(epoch FROM clock_timestamp()) * 1000)::bigint)
ON CONFLICT DO NOTHING
