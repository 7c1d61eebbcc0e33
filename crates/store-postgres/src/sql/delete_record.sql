UPDATE record SET deleted_at = $3, updated_at = $3, version = version + 1
FROM (
    SELECT place.ctid
    FROM unnest($2::uuid[]) AS named (id)
    CROSS JOIN LATERAL (SELECT ctid FROM record WHERE team_no = $1 AND record.id = named.id OFFSET 0) AS place
) AS gone
WHERE record.ctid = gone.ctid
