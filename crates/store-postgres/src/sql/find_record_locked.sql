-- Sorted first, then locked in that order, and read as they are once they are locked.
SELECT found.*
FROM (SELECT DISTINCT unnest($2::uuid[]) AS id ORDER BY id) AS named
CROSS JOIN LATERAL (
    SELECT id, object_type, version, created_at, updated_at, deleted_at IS NOT NULL AS deleted, body, grants
    FROM record
    WHERE team_no = $1 AND record.id = named.id
    FOR UPDATE
) AS found
