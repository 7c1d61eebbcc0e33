SELECT place.record_id, place."values"
FROM (SELECT DISTINCT unnest($3::uuid[]) AS id) AS named
CROSS JOIN LATERAL (
    SELECT record_id, "values" FROM list_entry
    WHERE team_no = $1 AND list_id = $2 AND record_id = named.id
    OFFSET 0
) AS place
