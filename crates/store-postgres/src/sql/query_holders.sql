SELECT held.record_id
FROM (SELECT DISTINCT unnest($2::uuid[]) AS hash) AS named
CROSS JOIN LATERAL (
    SELECT record_id FROM key_holder WHERE team_no = $1 AND key_holder.hash = named.hash OFFSET 0
) AS held
UNION ALL
SELECT held.record_id
FROM (SELECT DISTINCT unnest($2::uuid[]) AS hash) AS named
CROSS JOIN LATERAL (
    SELECT record_id FROM key_holder_more WHERE team_no = $1 AND key_holder_more.hash = named.hash OFFSET 0
) AS held
LIMIT $3
