-- Untouched for an hour, by the clock that touched them; and not one of this process. Those that a job claims are not
-- in this table.
SELECT team_no, id
FROM upload
WHERE touched_at <= (extract(epoch FROM clock_timestamp()) * 1000)::bigint - 3600000 AND id <> ALL ($1)
ORDER BY touched_at
LIMIT $2
FOR UPDATE SKIP LOCKED
