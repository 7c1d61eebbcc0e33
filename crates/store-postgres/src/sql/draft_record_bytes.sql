-- How large these drafted records are in sum: told without reading them.
SELECT coalesce(sum(drafted.bytes), 0)::bigint AS bytes
FROM (SELECT DISTINCT unnest($3::uuid[]) AS id) AS named
CROSS JOIN LATERAL (
    SELECT octet_length(body) AS bytes FROM draft_record
    WHERE team_no = $1 AND job_id = $2 AND record_id = named.id
    OFFSET 0
) AS drafted
