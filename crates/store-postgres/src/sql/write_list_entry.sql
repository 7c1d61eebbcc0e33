INSERT INTO list_entry (team_no, list_id, record_id, "values")
SELECT $1, $2, joining.id, joining."values" FROM unnest($3::uuid[], $4::text[]) AS joining (id, "values")
