-- Held until the transaction ends; writers share it.
SELECT version FROM team_schema WHERE team_no = $1 FOR SHARE
