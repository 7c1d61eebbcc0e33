-- Whether any key has a second holder at all: nearly always not, which spares asking key by key.
SELECT EXISTS (SELECT 1 FROM key_holder_more)
