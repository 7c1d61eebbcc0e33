-- Read in one go, like all of copy_*.sql, to be compared with the source: the columns of `refract_store::transfer`.
SELECT id, name, created_at, version AS schema_version FROM team JOIN team_schema USING (team_no)
