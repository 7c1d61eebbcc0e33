-- The records, and so their places in lists, are locked.
UPDATE list_entry SET "values" = again."values", version = again.version
FROM (
    SELECT named."values", named.version, place.ctid
    FROM unnest($3::uuid[], $4::text[], $5::bigint[]) AS named (id, "values", version)
    CROSS JOIN LATERAL (
        SELECT ctid FROM list_entry WHERE team_no = $1 AND list_id = $2 AND record_id = named.id OFFSET 0
    ) AS place
) AS again
WHERE list_entry.ctid = again.ctid
