-- No row when another copy is at it: nothing of this page is written then.
UPDATE copy_progress SET next_major = $4, next_minor = $5, rows = rows + $6
WHERE kind = $1 AND next_major = $2 AND next_minor = $3
