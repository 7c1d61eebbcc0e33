-- How large these records are in sum: told without reading them.
SELECT coalesce(sum(place.bytes), 0)::bigint AS bytes
FROM (SELECT DISTINCT unnest($2::uuid[]) AS id) AS named
CROSS JOIN LATERAL (
    SELECT octet_length(body) AS bytes FROM record WHERE team_no = $1 AND record.id = named.id OFFSET 0
) AS place
