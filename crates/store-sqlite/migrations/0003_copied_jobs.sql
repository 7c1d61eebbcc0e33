-- Nothing to change here: a database learns to hold jobs that were copied from a folder.
SELECT 1;
