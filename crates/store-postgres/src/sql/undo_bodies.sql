-- A batch of records after $3, hidden ones too since they may be brought back: those that hold one of the texts, and in a
-- row of its own where the batch ends.
WITH batch AS MATERIALIZED (
    SELECT id, body FROM record WHERE team_no = $1 AND object_type = $2 AND id > $3 ORDER BY id LIMIT 20000
)
SELECT NULL::uuid AS last, body FROM batch
WHERE EXISTS (SELECT 1 FROM unnest($4::text[]) AS wanted (slug) WHERE strpos(body, wanted.slug) > 0)
UNION ALL
(SELECT id, NULL FROM batch ORDER BY id DESC LIMIT 1)
