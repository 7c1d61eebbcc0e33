-- Waits for all writers of the team, and makes later ones wait.
SELECT version FROM team_schema WHERE team_no = $1 FOR NO KEY UPDATE
