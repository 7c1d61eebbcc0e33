-- The records, and so their places in lists, are locked.
DELETE FROM list_entry USING (
    SELECT place.ctid
    FROM unnest($3::uuid[]) AS named (id)
    CROSS JOIN LATERAL (
        SELECT ctid FROM list_entry WHERE team_no = $1 AND list_id = $2 AND record_id = named.id OFFSET 0
    ) AS place
) AS gone
WHERE list_entry.ctid = gone.ctid
