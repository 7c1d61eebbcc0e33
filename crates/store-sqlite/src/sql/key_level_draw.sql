-- A fresh random number.
SELECT random()
