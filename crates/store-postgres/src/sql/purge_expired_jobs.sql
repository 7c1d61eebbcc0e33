SELECT team_no, id, kept
FROM job
WHERE ended_at <= coalesce($1, (extract(epoch FROM clock_timestamp()) * 1000)::bigint) - $2
    AND created_at <= coalesce($1, (extract(epoch FROM clock_timestamp()) * 1000)::bigint) - $3
ORDER BY ended_at
LIMIT $4
FOR UPDATE SKIP LOCKED
