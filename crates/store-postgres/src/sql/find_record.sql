-- A set of records rather than one: every look-up is one statement.
SELECT found.*
FROM (SELECT DISTINCT unnest($2::uuid[]) AS id) AS named
CROSS JOIN LATERAL (
    SELECT id, object_type, version, created_at, updated_at, deleted_at IS NOT NULL AS deleted, body, grants
    FROM record
    WHERE team_no = $1 AND record.id = named.id
    OFFSET 0
) AS found
