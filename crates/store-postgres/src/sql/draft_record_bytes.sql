-- How large these drafted records are in sum: told without reading them.
SELECT coalesce(sum(octet_length(body)), 0)::bigint AS bytes
FROM draft_record
WHERE team_no = $1 AND job_id = $2 AND record_id = ANY ($3)
