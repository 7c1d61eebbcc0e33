-- The pieces from the one that holds row $3 on, until there are enough rows or bytes. Their blocks are read only once
-- it is known which are wanted.
WITH claimed AS (
    SELECT coalesce(staged, kept) AS staged FROM job WHERE team_no = $1 AND id = $2
), piece AS (
    SELECT
        first_row, rows, raw_bytes,
        sum(raw_bytes) OVER earlier - raw_bytes AS bytes_before,
        first_value(raw_bytes) OVER earlier AS first_bytes
    FROM staged_chunk
    WHERE team_no = $1 AND upload_id = (SELECT staged FROM claimed)
        AND first_row >= coalesce((
            SELECT max(holding.first_row) FROM staged_chunk AS holding
            WHERE holding.team_no = $1 AND holding.upload_id = (SELECT staged FROM claimed) AND holding.first_row <= $3
        ), 0)
        AND first_row < $3 + $4
    WINDOW earlier AS (ORDER BY first_row)
)
SELECT staged_chunk.first_row, staged_chunk.rows, staged_chunk.raw_bytes, checksum, block
FROM piece
JOIN staged_chunk ON team_no = $1 AND upload_id = (SELECT staged FROM claimed)
    AND staged_chunk.first_row = piece.first_row
WHERE bytes_before = 0 OR bytes_before - first_bytes < $5
ORDER BY staged_chunk.first_row
