-- One process owns the directory: whoever held a lease when it was opened is gone.
UPDATE job SET lease_until = 0 WHERE state = 'running'
