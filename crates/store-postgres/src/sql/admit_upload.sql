-- No row: a purge took the upload for dead.
DELETE FROM upload
WHERE team_no = $1 AND id = $2
RETURNING (
    SELECT coalesce(sum(rows), 0)::bigint FROM staged_chunk WHERE staged_chunk.team_no = $1 AND upload_id = $2
) AS rows
