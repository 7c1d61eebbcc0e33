INSERT INTO job_outcome (team_no, job_id, first_row, rows, encoded, forecast)
SELECT $1, $2, piece.first_row, piece.rows, piece.encoded, piece.forecast
FROM unnest($3::integer[], $4::integer[], $5::bytea[], $6::bytea[]) AS piece (first_row, rows, encoded, forecast)
