-- As for records, of the places in a list.
WITH batch AS MATERIALIZED (
    SELECT record_id AS id, "values" AS body FROM list_entry
    WHERE team_no = $1 AND list_id = $2 AND record_id > $3
    ORDER BY record_id
    LIMIT 20000
)
SELECT NULL::uuid AS last, body FROM batch
WHERE EXISTS (SELECT 1 FROM unnest($4::text[]) AS wanted (slug) WHERE strpos(body, wanted.slug) > 0)
UNION ALL
(SELECT id, NULL FROM batch ORDER BY id DESC LIMIT 1)
