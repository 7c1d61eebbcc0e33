INSERT INTO team_schema (team_no, version)
SELECT team_no, copied.version
FROM unnest($1::uuid[], $2::bigint[]) AS copied (id, version)
JOIN team USING (id)
