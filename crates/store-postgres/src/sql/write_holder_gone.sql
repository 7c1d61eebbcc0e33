-- The keys are locked.
DELETE FROM key_holder USING (
    SELECT place.ctid
    FROM unnest($2::uuid[]) AS named (hash)
    CROSS JOIN LATERAL (
        SELECT ctid FROM key_holder WHERE team_no = $1 AND key_holder.hash = named.hash OFFSET 0
    ) AS place
) AS gone
WHERE key_holder.ctid = gone.ctid
