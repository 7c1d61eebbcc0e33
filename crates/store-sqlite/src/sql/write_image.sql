-- Before a job changes a record: what it is now, unless the job has changed it before; then only how far the job has come
-- with it. ?4, ?5, ?8: whether its own values change, its place in the list ?6, and whether it comes back.
INSERT INTO job_image (
    job_no, record_no, last_row, written_at, version_before, version_after, body, entry_values, entry_before, entry_after,
    deleted
)
SELECT ?1, ?2, ?3, ?7, record.version, record.version + ?4 + ?8, iif(?4, body, NULL),
    "values", ifnull(list_entry.version, 0), ifnull(list_entry.version, 0) + ?5, deleted_at IS NOT NULL
FROM record LEFT JOIN list_entry ON list_entry.list_no = ?6 AND list_entry.record_no = ?2
WHERE record.record_no = ?2
ON CONFLICT (record_no, job_no) DO UPDATE SET
    mixed = mixed OR version_after <> excluded.version_before OR entry_after <> excluded.entry_before,
    body = ifnull(body, excluded.body), last_row = excluded.last_row, written_at = excluded.written_at,
    version_after = excluded.version_after, entry_after = excluded.entry_after
