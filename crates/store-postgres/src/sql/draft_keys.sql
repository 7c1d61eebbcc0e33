SELECT drafted.*
FROM (SELECT DISTINCT unnest($3::uuid[]) AS key) AS named
CROSS JOIN LATERAL (
    SELECT key, record_id, held FROM draft_key
    WHERE team_no = $1 AND job_id = $2 AND draft_key.key = named.key
    OFFSET 0
) AS drafted
ORDER BY drafted.key, drafted.record_id
