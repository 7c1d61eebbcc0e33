-- Pieces lie in a table here, compressed.
SELECT team.id, upload_id, first_row, rows, raw_bytes, checksum, block FROM staged_chunk JOIN team USING (team_no)
