SELECT place.*
FROM (SELECT DISTINCT unnest($2::uuid[]) AS id) AS named
CROSS JOIN LATERAL (
    SELECT list_id, record_id, "values", version FROM list_entry WHERE team_no = $1 AND record_id = named.id OFFSET 0
) AS place
