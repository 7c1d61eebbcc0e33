-- Only looked at, not locked: of each team the oldest few, in case others are about to take the first.
SELECT team_no, id, team_id, is_overdue
FROM (
    SELECT
        job.team_no, job.id, team.id AS team_id, job.created_at, job.lease_until IS NOT NULL AS is_overdue,
        row_number() OVER (PARTITION BY job.team_no ORDER BY job.created_at, job.id) AS place
    FROM job JOIN team USING (team_no)
    WHERE ended_at IS NULL AND team.id <> ALL ($2)
        AND (state = 'queued' OR lease_until <= coalesce($1, (extract(epoch FROM clock_timestamp()) * 1000)::bigint))
) AS runnable
WHERE place <= 3
ORDER BY created_at, id
LIMIT $3
