-- The lists that gain or lose members, once for each of these records; their counts are written with all others, last.
SELECT place.list_id
FROM (SELECT DISTINCT unnest($2::uuid[]) AS id) AS named
CROSS JOIN LATERAL (SELECT list_id FROM list_entry WHERE team_no = $1 AND record_id = named.id OFFSET 0) AS place
ORDER BY place.list_id
