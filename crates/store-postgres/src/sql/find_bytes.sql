-- How large these records are in sum: told without reading them.
SELECT coalesce(sum(octet_length(body)), 0)::bigint AS bytes FROM record WHERE team_no = $1 AND id = ANY ($2)
