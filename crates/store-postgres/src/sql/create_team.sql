-- With the row that every write of the team will lock.
WITH made AS (
    INSERT INTO team (id, name, created_at) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING RETURNING team_no
)
INSERT INTO team_schema (team_no) SELECT team_no FROM made
