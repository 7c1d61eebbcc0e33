-- Before a job changes records: what they are now, unless the job has changed them before; then only how far the job has
-- come with them. The flags say whether a record's own values change, its place in the list $8, and whether it comes
-- back. The records are locked.
INSERT INTO job_image (
    team_no, job_id, record_id, last_row, written_at, version_before, version_after, body, entry_values, entry_before,
    entry_after, deleted
)
SELECT $1, $2, record.id, touched.row, $7, record.version, record.version + touched.body::integer + touched.back::integer,
    CASE WHEN touched.body THEN record.body END,
    entry."values", coalesce(entry.version, 0), coalesce(entry.version, 0) + touched.entry::integer,
    record.deleted_at IS NOT NULL
FROM unnest($3::uuid[], $4::integer[], $5::boolean[], $6::boolean[], $9::boolean[])
    AS touched (id, row, body, entry, back)
CROSS JOIN LATERAL (SELECT * FROM record WHERE team_no = $1 AND record.id = touched.id OFFSET 0) AS record
LEFT JOIN LATERAL (
    SELECT "values", version FROM list_entry
    WHERE team_no = $1 AND list_id = $8 AND record_id = touched.id
    OFFSET 0
) AS entry ON true
ON CONFLICT (team_no, job_id, record_id) DO UPDATE SET
    mixed = job_image.mixed OR job_image.version_after <> excluded.version_before
        OR job_image.entry_after <> excluded.entry_before,
    body = coalesce(job_image.body, excluded.body), last_row = excluded.last_row, written_at = excluded.written_at,
    version_after = excluded.version_after, entry_after = excluded.entry_after
