-- The upload is known from its first rows on, and alive as long as more come.
WITH touched AS (
    INSERT INTO upload (team_no, id, touched_at)
    VALUES ($1, $2, (extract(epoch FROM clock_timestamp()) * 1000)::bigint)
    ON CONFLICT (team_no, id) DO UPDATE SET touched_at = excluded.touched_at
)
INSERT INTO staged_chunk (team_no, upload_id, first_row, rows, raw_bytes, checksum, block)
VALUES ($1, $2, $3, $4, $5, $6, $7)
