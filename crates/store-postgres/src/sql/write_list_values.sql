-- The records, and so their places in lists, are locked.
UPDATE list_entry SET "values" = changed."values", version = version + 1
FROM (
    SELECT named."values", place.ctid
    FROM unnest($3::uuid[], $4::text[]) AS named (id, "values")
    CROSS JOIN LATERAL (
        SELECT ctid FROM list_entry WHERE team_no = $1 AND list_id = $2 AND record_id = named.id OFFSET 0
    ) AS place
) AS changed
WHERE list_entry.ctid = changed.ctid
