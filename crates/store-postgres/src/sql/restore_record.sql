UPDATE record SET deleted_at = NULL, updated_at = $3, version = version + 1
FROM (
    SELECT place.ctid
    FROM unnest($2::uuid[]) AS named (id)
    CROSS JOIN LATERAL (SELECT ctid FROM record WHERE team_no = $1 AND record.id = named.id OFFSET 0) AS place
) AS back
WHERE record.ctid = back.ctid
