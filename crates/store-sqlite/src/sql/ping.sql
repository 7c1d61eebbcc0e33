SELECT count(*) FROM installation
