-- The keys are locked.
UPDATE key_holder SET record_id = moved.record_id
FROM (
    SELECT named.record_id, place.ctid
    FROM unnest($2::uuid[], $3::uuid[]) AS named (hash, record_id)
    CROSS JOIN LATERAL (
        SELECT ctid FROM key_holder WHERE team_no = $1 AND key_holder.hash = named.hash OFFSET 0
    ) AS place
) AS moved
WHERE key_holder.ctid = moved.ctid
