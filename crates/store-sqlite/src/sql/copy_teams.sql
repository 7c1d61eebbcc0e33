-- Read a page at a time, like all of copy_*.sql: the first two columns are a row's place, the others what is moved.
SELECT team_no, 0, id, name, created_at, schema_version
FROM team
WHERE (team_no, 0) > (?1, ?2)
ORDER BY team_no
LIMIT ?3
