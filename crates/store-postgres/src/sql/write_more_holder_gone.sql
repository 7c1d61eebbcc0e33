-- The keys are locked.
DELETE FROM key_holder_more USING (
    SELECT place.ctid
    FROM unnest($2::uuid[], $3::uuid[]) AS named (hash, record_id)
    CROSS JOIN LATERAL (
        SELECT ctid FROM key_holder_more WHERE team_no = $1 AND key_holder_more.hash = named.hash AND key_holder_more.record_id = named.record_id OFFSET 0
    ) AS place
) AS gone
WHERE key_holder_more.ctid = gone.ctid
