-- The records are locked.
UPDATE record SET body = changed.body, version = version + 1, updated_at = $4
FROM (
    SELECT named.body, place.ctid
    FROM unnest($2::uuid[], $3::text[]) AS named (id, body)
    CROSS JOIN LATERAL (SELECT ctid FROM record WHERE team_no = $1 AND record.id = named.id OFFSET 0) AS place
) AS changed
WHERE record.ctid = changed.ctid
