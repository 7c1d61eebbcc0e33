-- One statement: who holds the keys and what they are, as of one moment.
SELECT found.*
FROM (
    SELECT held.record_id
    FROM unnest($2::uuid[]) AS named (hash)
    CROSS JOIN LATERAL (
        SELECT record_id FROM key_holder WHERE team_no = $1 AND key_holder.hash = named.hash OFFSET 0
    ) AS held
    UNION
    SELECT held.record_id
    FROM unnest($2::uuid[]) AS named (hash)
    CROSS JOIN LATERAL (
        SELECT record_id FROM key_holder_more WHERE team_no = $1 AND key_holder_more.hash = named.hash OFFSET 0
    ) AS held
) AS holder
CROSS JOIN LATERAL (
    SELECT id, object_type, version, created_at, updated_at, deleted_at IS NOT NULL AS deleted, body
    FROM record
    WHERE team_no = $1 AND record.id = holder.record_id AND object_type = $3 AND deleted_at IS NULL
    OFFSET 0
) AS found
ORDER BY found.id
LIMIT $4
